using DeviceAuthorization.Http;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>Checks every setting when the host starts. Each message says what to change.</summary>
internal sealed class DeviceAuthorizationOptionsValidator(IHostEnvironment environment) : IValidateOptions<DeviceAuthorizationOptions>
{
    /// <summary>A random text of 22 or more characters has at least this many different ones. Of 32 hexadecimal digits, one text in 10,000 has fewer.</summary>
    private const int LeastSymbols = 9;

    public ValidateOptionsResult Validate(string? name, DeviceAuthorizationOptions options)
    {
        var problems = Problems(options).OfType<string>().Select(problem => $"{DeviceAuthorizationOptions.SectionName}: {problem}").ToArray();
        return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
    }

    private const string AllOrigins = " There is no '*': any web page could then use the network or the sign-in of the person who opens it.";

    private IEnumerable<string?> Problems(DeviceAuthorizationOptions options)
    {
        yield return Origin(options);
        foreach (var (setting, origin) in options.ApproverOrigins.Select(origin => (nameof(options.ApproverOrigins), origin))
            .Concat(options.DeviceOrigins.Select(origin => (nameof(options.DeviceOrigins), origin))))
        {
            yield return Unless(IsOrigin(origin), $"{setting} has '{origin}'; each must be https://host[:port], without a path or a slash at the end (http only on loopback and in Development).{(origin == "*" ? AllOrigins : "")}");
        }

        yield return options.PathBase is "" ? null : Path(nameof(options.PathBase), options.PathBase, "/app");
        yield return Path(nameof(options.PagePath), options.PagePath, "/pair/device");
        yield return Path(nameof(options.DevicesPagePath), options.DevicesPagePath, "/pair/devices");
        yield return Unless(
            !Meet(options.PagePath, options.DevicesPagePath),
            $"PagePath is '{options.PagePath}' and DevicesPagePath '{options.DevicesPagePath}'; each page needs addresses of its own.");
        yield return Page(options.Page);
        yield return options.UserCode is null ? "UserCode is missing." : options.UserCode.Problem(options.AllowWeakUserCodes);
        yield return PairingLifetime(options.PairingLifetime, nameof(options.PairingLifetime));
        yield return Within(options.PollingInterval, nameof(options.PollingInterval), TimeSpan.FromSeconds(1), Pacing.LongestInterval);
        yield return Unless(
            options.PollingInterval < options.PairingLifetime,
            $"PollingInterval is {options.PollingInterval} and PairingLifetime {options.PairingLifetime}; a device must poll more than once.");
        yield return Within(options.MaxPollWait, nameof(options.MaxPollWait), TimeSpan.Zero, TimeSpan.FromMinutes(2));
        yield return Unless(options.MaxHeldPolls >= 1, $"MaxHeldPolls is {options.MaxHeldPolls}; it must be at least 1. To hold none, set MaxPollWait to zero.");
        yield return options.StoreTimeout == Timeout.InfiniteTimeSpan
            ? null
            : Within(options.StoreTimeout, nameof(options.StoreTimeout), TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));
        yield return Unless(Enum.IsDefined(options.Security), $"Security is {options.Security}; it must be Relaxed, Balanced or Strict.");
        yield return Unless(
            options.Security != SecurityLevel.Strict || options.Clients.Count > 0,
            "Security is Strict and no client is registered; add the clients that may pair to Clients, or choose Balanced.");
        yield return Unless(Enum.IsDefined(options.NumberMatching), $"NumberMatching is {options.NumberMatching}; it must be Off, WhenRisky or Always.");
        yield return Unless(
            options.MaxLivePairings is >= 1 and <= 1_000_000, $"MaxLivePairings is {options.MaxLivePairings}; it must be from 1 to 1,000,000.");
        yield return Unless(options.MaxTokensPerUser >= 1, $"MaxTokensPerUser is {options.MaxTokensPerUser}; it must be at least 1.");
        yield return Unless(options.MaxDevicesPerUser >= 1, $"MaxDevicesPerUser is {options.MaxDevicesPerUser}; it must be at least 1.");
        yield return Within(options.OnlineAfterCall, nameof(options.OnlineAfterCall), TimeSpan.FromSeconds(15), TimeSpan.FromDays(1));
        yield return Unless(
            options.TokenPrefix is { Length: <= 16 } && options.TokenPrefix.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-'),
            $"TokenPrefix is '{options.TokenPrefix}'; it must be at most 16 letters, digits, _ and -.");
        yield return TokenLifetime(nameof(options.TokenLifetime), options.TokenLifetime);
        foreach (var (choice, lifetime) in options.TokenLifetimes)
        {
            yield return TokenLifetime($"{nameof(options.TokenLifetimes)}:{choice}", lifetime);
        }

        yield return Unless(
            options.ManagementScopes is { } scopes
            && new[] { scopes.ReadDevices, scopes.WriteDevices, scopes.ReadTokens, scopes.WriteTokens }.All(ScopeParameter.IsToken),
            "each of ManagementScopes must be a scope (RFC 6749 section 3.3).");
        yield return Unless(
            options.SecretKeys.All(key => key is not null && key.Any(char.IsAsciiLetterOrDigit)), "each of SecretKeys must have a letter or a digit.");
        yield return options.RateLimits is null ? "RateLimits is missing." : options.RateLimits.Problem();
        if (options is { UserCode: not null, RateLimits: not null, MaxLivePairings: <= 1_000_000 } && options.UserCode.Problem(options.AllowWeakUserCodes) is null)
        {
            yield return GuessOdds.Problem(options);
        }

        yield return Unless(
            options.UserCodeKeys.Count <= 3 && options.UserCodeKeys.All(IsKey),
            "each of UserCodeKeys must be 32 to 128 random bytes in base64, as 'openssl rand -base64 32' gives them; 3 are the most.");
        yield return Unless(options.CampaignThreshold is null or >= 1, $"CampaignThreshold is {options.CampaignThreshold}; it must be at least 1, or null to count nothing.");
        foreach (var scope in options.Scopes.Keys.Where(scope => !ScopeParameter.IsToken(scope)))
        {
            yield return $"the scope '{scope}' is not 1 to 128 printable ASCII characters without spaces, quotes and backslashes (RFC 6749 section 3.3).";
        }

        yield return Unless(
            options.Scopes.Count <= ScopeParameter.MaxScopes, $"there are {options.Scopes.Count} Scopes; {ScopeParameter.MaxScopes} are the most.");
        foreach (var scope in options.DefaultScopes?.Where(scope => !options.Scopes.ContainsKey(scope)) ?? [])
        {
            yield return $"DefaultScopes names '{scope}', which is not in Scopes: add it there.";
        }

        foreach (var problem in options.Clients.SelectMany(client => ClientProblems(client.Key, client.Value, options)))
        {
            yield return problem;
        }
    }

    private static IEnumerable<string?> ClientProblems(string id, DeviceClient? client, DeviceAuthorizationOptions options)
    {
        yield return Unless(
            ClientCredentials.IsClientId(id), $"the client id '{id}' in Clients is not 1 to {ClientCredentials.MaxLength} printable ASCII characters (RFC 6749 appendix A.1).");
        if (client is null)
        {
            yield return $"Clients:{id} is missing.";
            yield break;
        }

        yield return Unless(
            client.DisplayName is null || (client.DisplayName.Length > 0 && ReportedText.IsIdentifier(client.DisplayName, 64)),
            $"Clients:{id}:DisplayName must be 1 to 64 visible characters, without control and bidirectional ones and surplus spaces.");
        yield return Logo($"Clients:{id}:LogoPath", client.LogoPath);
        yield return Unless(client.AllowedScopes is not { Count: 0 }, $"Clients:{id}:AllowedScopes is empty; name at least one scope, or leave it out to allow all.");
        foreach (var scope in client.AllowedScopes?.Where(scope => !options.Scopes.ContainsKey(scope)) ?? [])
        {
            yield return $"Clients:{id}:AllowedScopes names '{scope}', which is not in Scopes: add it there.";
        }

        if (client.PairingLifetime is { } lifetime)
        {
            yield return PairingLifetime(lifetime, $"Clients:{id}:PairingLifetime");
            yield return Unless(
                options.PollingInterval < lifetime,
                $"PollingInterval is {options.PollingInterval} and Clients:{id}:PairingLifetime {lifetime}; a device must poll more than once.");
        }

        yield return Unless(
            client.Secret is null
            || (client.Secret.Length is >= 22 and <= 256 && client.Secret.All(c => c is >= ' ' and <= '~') && client.Secret.Distinct().Count() >= LeastSymbols),
            $"Clients:{id}:Secret must be 22 to 256 printable ASCII characters, and random: openssl rand -hex 32 makes one. Leave it out for a client on people's devices.");
        yield return Unless(
            options.DefaultScopes is null || options.Scopes.Count == 0 || options.ScopesOf(id).Intersect(options.DefaultScopes, StringComparer.Ordinal).Any(),
            $"Clients:{id}:AllowedScopes has none of DefaultScopes, so it would ask for nothing; add one of them.");
        yield return Unless(!client.MayIntrospect || client.Secret is not null, $"Clients:{id}:MayIntrospect needs a Secret: only a client that authenticates may ask about tokens.");
    }

    private string? Origin(DeviceAuthorizationOptions options) => options.PublicOrigin switch
    {
        null when environment.IsDevelopment() => null,
        null => "PublicOrigin is missing: set it to where people reach this host, such as https://tv.example.com. It is used in links and never taken from requests.",
        { IsAbsoluteUri: true, PathAndQuery: "/", Fragment: "", UserInfo: "" } origin
            when origin.Scheme == Uri.UriSchemeHttps
            || (origin.Scheme == Uri.UriSchemeHttp && (origin.IsLoopback || environment.IsDevelopment() || !options.RequireHttps)) => null,
        var origin => $"PublicOrigin is '{origin}'; it must be https://host[:port] without path, query and fragment (http only on loopback, in Development, or with RequireHttps off).",
    };

    private bool IsOrigin(string? text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var origin)
        && origin.GetLeftPart(UriPartial.Authority).Equals(text, StringComparison.OrdinalIgnoreCase)
        && (origin.Scheme == Uri.UriSchemeHttps || (origin.Scheme == Uri.UriSchemeHttp && (origin.IsLoopback || environment.IsDevelopment())));

    private static string? Path(string name, string? path, string example) => Unless(
        path is ['/', ..]
        && path.All(c => char.IsAsciiLetterOrDigit(c) || "/-_.~".Contains(c))
        && path[1..].Split('/').All(segment => segment is not ("" or "." or "..")), // clients would remove these
        $"{name} is '{path}'; it must be a plain path such as {example}.");

    private static bool IsKey(string? key)
    {
        Span<byte> bytes = stackalloc byte[129];
        return key is not null && Convert.TryFromBase64String(key, bytes, out var length) && length is >= 32 and <= 128;
    }

    /// <summary>Whether the two pages would share a route.</summary>
    private static bool Meet(string? pairing, string? devices) =>
        string.Equals(pairing, devices, StringComparison.OrdinalIgnoreCase)
        || string.Equals(pairing + "/review", devices, StringComparison.OrdinalIgnoreCase)
        || (pairing is not null && devices is not null && pairing.StartsWith(devices + "/", StringComparison.OrdinalIgnoreCase));

    private static string? Page(PairingPageOptions page) => page switch
    {
        null => "Page is missing.",
        _ when page.AccentColor is not ['#', .. { Length: 6 } digits] || !digits.All(char.IsAsciiHexDigit) => $"Page.AccentColor is '{page.AccentColor}'; it must be #rrggbb.",
        _ => Logo("Page.LogoPath", page.LogoPath),
    };

    private static string? Logo(string name, string? path) => Unless(
        path is null or ['/', not ('/' or '\\'), ..], $"{name} is '{path}'; it must be a path on this host, such as /logo.svg.");

    private static string? PairingLifetime(TimeSpan value, string name) => Within(value, name, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(30));

    private static string? TokenLifetime(string name, TimeSpan value) => Unless(
        value == Timeout.InfiniteTimeSpan || (value >= TimeSpan.FromHours(1) && value <= TimeSpan.FromDays(36500)),
        $"{name} is {value}; it must be from 1 hour to 100 years, or Timeout.InfiniteTimeSpan (-00:00:00.001) for ever.");

    private static string? Within(TimeSpan value, string name, TimeSpan least, TimeSpan most) => Unless(
        value >= least && value <= most && value.Ticks % TimeSpan.TicksPerSecond == 0,
        $"{name} is {value}; it must be whole seconds from {least} to {most}.");

    private static string? Unless(bool holds, string problem) => holds ? null : problem;
}

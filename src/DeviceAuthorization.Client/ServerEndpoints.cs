namespace DeviceAuthorization.Client;

/// <summary>Where the server's endpoints are.</summary>
internal sealed record ServerEndpoints(Uri DeviceAuthorization, Uri Token, Uri? Revocation)
{
    /// <summary>Why tokens and codes must not travel to an address; null if they may.</summary>
    public static string? ProblemOf(Uri address, bool allowHttp) => address switch
    {
        { IsAbsoluteUri: false } => $"The address {address} must be absolute.",
        { Scheme: "https" } => null,
        { Scheme: "http" } => allowHttp || address.IsLoopback
            ? null
            : $"The address {address} uses plain HTTP. Anyone on the way could read the token. Set AllowHttp if you accept that.",
        _ => $"The address {address} must use https.",
    };

    /// <summary>The explicit ones, or RomM's; null if they have to be looked up.</summary>
    public static ServerEndpoints? Of(PairingClientOptions options) => options switch
    {
        { TokenEndpoint: { } token } => new(options.DeviceAuthorizationEndpoint!, token, options.RevocationEndpoint),
        { Dialect: PairingDialect.RomM } => new(Below(options.Server!, "api/auth/device/init"), Below(options.Server!, "api/auth/device/token"), options.RevocationEndpoint),
        _ => null,
    };

    /// <summary>Reads the server's metadata: RFC 8414's document, then OpenID Connect's.</summary>
    public static async Task<ServerEndpoints> DiscoverAsync(Uri issuer, bool allowHttp, Func<Uri, Task<Answer>> getAsync)
    {
        var path = issuer.AbsolutePath.TrimEnd('/');
        Uri[] documents =
        [
            new(issuer, "/.well-known/oauth-authorization-server" + path), // RFC 8414 §3.1: between host and path
            Below(issuer, ".well-known/openid-configuration"),
        ];
        var problems = new List<string>();
        foreach (var document in documents)
        {
            var answer = await getAsync(document).ConfigureAwait(false);
            if (answer.MayPass)
            {
                throw new PairingException($"{document} gave no usable answer ({answer.Explain()}).") { IsTransient = true, RetryAfter = answer.RetryAfter };
            }

            // RFC 8414 §3.3: metadata of another issuer could send the device code to another server.
            if (!answer.IsSuccess || answer.Problem is not null)
            {
                problems.Add($"{document}: {answer.Explain()}");
            }
            else if (answer.Body.Text("issuer") is not { } named || !Uri.TryCreate(named, UriKind.Absolute, out var other) || Plain(other) != Plain(issuer))
            {
                problems.Add($"{document}: names the issuer {PlainText.Of(answer.Body.Text("issuer")) ?? "(none)"}, not {issuer}");
            }
            else if (Find("device_authorization_endpoint") is { } start && Find("token_endpoint") is { } token)
            {
                return new(start, token, Find("revocation_endpoint"));
            }
            else
            {
                problems.Add($"{document}: names no usable device_authorization_endpoint and token_endpoint");
            }

            Uri? Find(string name) =>
                Uri.TryCreate(answer.Body.Text(name), UriKind.Absolute, out var endpoint) && ProblemOf(endpoint, allowHttp) is null ? endpoint : null;
        }

        throw new PairingException($"{issuer} does not say where devices are paired. {string.Join(". ", problems)}.");
    }

    private static string Plain(Uri issuer) => issuer.AbsoluteUri.TrimEnd('/');

    private static Uri Below(Uri address, string path) => new(Plain(address) + "/" + path);
}

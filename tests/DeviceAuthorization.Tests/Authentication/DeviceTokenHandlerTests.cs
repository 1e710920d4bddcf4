using System.Net;
using System.Security.Claims;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>A paired device calls the API with its token (RFC 6750).</summary>
public sealed class DeviceTokenHandlerTests
{
    private const string Realm = "Bearer realm=\"DeviceAuthorization\"";
    private const string Invalid = Realm + ", error=\"invalid_token\", error_description=\"The token is not valid.\"";

    [Fact]
    public async Task Without_credentials_the_challenge_names_the_realm_and_no_error()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().GetAsync("/api/library");
        Assert.Equal((HttpStatusCode.Unauthorized, Realm), (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
    }

    [Theory]
    [InlineData("/api/library", "da_unknown")]
    [InlineData("/api/profile", null)]
    public async Task A_refused_call_is_no_line_of_ours_at_Information(string path, string? token)
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/api/profile", () => "Alice").RequireScope("library.write"));
        using var client = host.WithToken(token ?? await host.PairAsync());
        host.Logs.Clear();
        using var answer = await client.GetAsync(path);
        Assert.False(answer.IsSuccessStatusCode);
        var lines = host.Logs.GetSnapshot().Where(line => line.Category!.EndsWith("DeviceTokenHandler", StringComparison.Ordinal)).ToArray();
        Assert.NotEmpty(lines); // ASP.NET Core's own, which every template's "Microsoft.AspNetCore": "Warning" turns off
        Assert.All(lines, line => Assert.StartsWith("Microsoft.AspNetCore.", line.Category, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_names_its_own_realm()
    {
        await using var host = await TestHost.StartAsync(services: services =>
            services.Configure<DeviceTokenOptions>(DeviceTokenDefaults.AuthenticationScheme, options => options.Realm = "Example TV"));
        using var answer = await host.Device().GetAsync("/api/library");
        Assert.Equal("Bearer realm=\"Example TV\"", answer.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("\u001F", false)]
    [InlineData(" ", true)]
    [InlineData("~", true)]
    [InlineData("\u007F", false)]
    [InlineData("Küche", false)]
    [InlineData("a \"b\"", false)]
    [InlineData("a\\b", false)]
    [InlineData("Example TV", true)]
    public void A_realm_that_would_break_the_challenge_is_refused_at_start(string? realm, bool isValid)
    {
        var problem = Record.Exception(new DeviceTokenOptions { Realm = realm! }.Validate);
        Assert.Equal(!isValid, problem is InvalidOperationException);
    }

    [Theory]
    [InlineData("Bearer {token}")]
    [InlineData("bearer {token}")]
    [InlineData("BEARER {token}")]
    [InlineData("Bearer    {token}  ")]
    public async Task The_scheme_is_read_in_any_case_and_with_more_than_one_space(string authorization) =>
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(authorization)).Status);

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Bearer     ")]
    [InlineData("Bearer{token}")]
    [InlineData("{token}")]
    [InlineData("Basic {token}")]
    [InlineData("DPoP {token}")]
    [InlineData("Bearers {token}")]
    [InlineData("Bearer {token} {token}")]
    [InlineData("Bearer {token},{token}")]
    [InlineData("Bearer {token}, Bearer {token}")]
    [InlineData("Bearer {token};")]
    [InlineData("Bearer \"{token}\"")]
    [InlineData("Bearer token={token}")]
    public async Task Anything_else_is_never_accepted(string authorization) =>
        Assert.Equal(HttpStatusCode.Unauthorized, (await CallAsync(authorization)).Status);

    [Fact]
    public async Task Two_Authorization_headers_are_a_bad_request()
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/library");
        request.Headers.TryAddWithoutValidation("Authorization", [$"Bearer {token}", $"Bearer {token}"]);
        using var answer = await host.Device().SendAsync(request);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Equal(
            Realm + ", error=\"invalid_request\", error_description=\"There is more than one Authorization header.\"",
            answer.Headers.WwwAuthenticate.ToString());
    }

    [Fact]
    public async Task A_token_in_the_query_or_in_a_form_is_no_credential()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapPost("/api/post", () => "posted").RequirePairedDevice());
        var token = await host.PairAsync();
        using var query = await host.Device().GetAsync($"/api/library?access_token={token}");
        using var form = await host.Device().PostPageAsync("/api/post", ("access_token", token));
        foreach (var answer in new[] { query, form })
        {
            Assert.Equal((HttpStatusCode.Unauthorized, Realm), (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
        }

        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Category?.StartsWith("DeviceAuthorization", StringComparison.Ordinal) == true && record.Message.Contains(token, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Unknown_expired_and_revoked_tokens_and_tokens_of_removed_devices_are_told_apart_by_nobody()
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var codes = new[] { await host.Device().StartAsync(), await host.Device().StartAsync() };
        var revoked = await host.PairAsync();
        var removed = await host.PairAsync();
        var unknown = DeviceToken.Derive(DeviceCode.New(), "salt", "da_").Reveal();
        foreach (var token in new[] { revoked, removed })
        {
            Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, token)).Status);
        }

        var (record, device) = (await devices.FindTokenAsync(Hash(revoked), CancellationToken.None))!;
        Assert.True(await devices.RevokeAsync(device!.UserId, record.Id, host.Clock.GetUtcNow()));
        device = (await devices.FindTokenAsync(Hash(removed), CancellationToken.None))!.Device;
        Assert.Equal(1, (await devices.DeleteAsync(device!.UserId, device.Id, host.Clock.GetUtcNow(), CancellationToken.None)).Devices);
        foreach (var token in new[] { unknown, revoked, removed, codes[0].DeviceCode, codes[1].UserCode, "junk" })
        {
            Assert.Equal((HttpStatusCode.Unauthorized, Invalid), await GetAsync(host, token)); // on the very next request
        }
    }

    [Theory]
    [InlineData(-1, HttpStatusCode.OK)]
    [InlineData(0, HttpStatusCode.Unauthorized)]
    public async Task A_token_lives_as_long_as_it_says(int milliseconds, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync(options => options.TokenLifetime = TimeSpan.FromHours(1));
        var token = await host.PairAsync();
        host.Clock.Advance(TimeSpan.FromHours(1) + TimeSpan.FromMilliseconds(milliseconds));
        var answer = await GetAsync(host, token);
        Assert.Equal((status, status == HttpStatusCode.OK ? "" : Invalid), answer);
    }

    [Fact]
    public async Task A_damaged_token_is_refused_without_a_call_to_the_store()
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var token = await host.PairAsync();
        var damaged = new List<string>
        {
            token + "A", token + "=", "A" + token, token.ToUpperInvariant(), token.ToLowerInvariant(), token.Replace("da_", "DA_", StringComparison.Ordinal),
            token[3..], token.Replace('_', '-'), token[..20] + "+" + token[21..], "da_\u00e4" + token[4..], new string('A', 1024 * 1024), "da_" + new string('A', 49),
        };
        damaged.AddRange(Enumerable.Range(1, token.Length - 1).Select(cut => token[..^cut]));
        damaged.AddRange(Enumerable.Range(3, 49).Select(i => $"{token[..i]}{(token[i] == '0' ? '1' : '0')}{token[(i + 1)..]}"));
        foreach (var one in damaged)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/api/library");
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {one}");
            using var answer = await host.Device().SendAsync(request);
            Assert.Equal((HttpStatusCode.Unauthorized, Invalid), (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
        }

        Assert.Equal(0, devices.LookUps);
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, token)).Status);
        Assert.Equal(1, devices.LookUps);
    }

    [Fact]
    public async Task A_missing_scope_is_403_and_named()
    {
        await using var host = await TestHost.StartAsync(map: app => app.MapGet("/api/two", () => "two").RequireScope("library.read").RequireScope("library.write"));
        var token = await host.PairAsync();
        Assert.Equal((HttpStatusCode.Forbidden, Realm + ", error=\"insufficient_scope\", scope=\"library.write\""), await GetAsync(host, token, "/api/admin"));
        Assert.Equal((HttpStatusCode.Forbidden, Realm + ", error=\"insufficient_scope\", scope=\"library.read library.write\""), await GetAsync(host, token, "/api/two"));
    }

    [Fact]
    public async Task A_middleware_that_is_no_endpoint_can_refuse_a_device_too()
    {
        await using var host = await TestHost.StartAsync(map: app => app.Map("/files", files => files.Run(context => context.ForbidAsync(DeviceTokenDefaults.AuthenticationScheme))));
        using var client = host.WithToken(await host.PairAsync());
        using var answer = await client.GetAsync("/files");
        Assert.Equal((HttpStatusCode.Forbidden, Realm + ", error=\"insufficient_scope\""), (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString()));
    }

    [Fact]
    public async Task An_account_that_loses_a_right_takes_it_from_its_devices_and_a_locked_one_everything()
    {
        var policy = new TestPolicy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var token = await host.PairAsync();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, token)).Status);
        policy.Lacking.Add(("alice", "library.read"));
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(host, token)).Status);
        policy.Lacking.Clear();
        policy.Locked.Add("alice");
        Assert.Equal((HttpStatusCode.Unauthorized, Invalid), await GetAsync(host, token));
        policy.Locked.Clear();
        Assert.Equal(HttpStatusCode.OK, (await GetAsync(host, token)).Status);
    }

    [Fact]
    public async Task An_account_that_gains_rights_does_not_widen_what_its_devices_were_granted()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(new GenerousPolicy()));
        Assert.Equal(HttpStatusCode.Forbidden, (await GetAsync(host, await host.PairAsync(), "/api/admin")).Status);
    }

    [Fact]
    public async Task The_claims_name_user_device_token_and_scopes_and_nothing_secret()
    {
        await using var host = await TestHost.StartAsync(map: app => app
            .MapGet("/api/claims", (ClaimsPrincipal user) => user.Claims.Select(claim => $"{claim.Type}={claim.Value}").Append(user.Identity!.AuthenticationType))
            .RequirePairedDevice());
        var token = await host.PairAsync(scope: "library.read profile");
        var (record, device) = (await host.Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(Hash(token), CancellationToken.None))!;
        using var answer = await host.WithToken(token).GetAsync("/api/claims");
        Assert.Equal(
            [
                $"{ClaimTypes.NameIdentifier}=alice", $"device_id={device!.Id}", $"token_id={record.Id}", "scope=library.read", "scope=profile",
                DeviceTokenDefaults.AuthenticationType,
            ],
            (await answer.JsonAsync()).EnumerateArray().Select(claim => claim.GetString()!).ToArray());
    }

    private static async Task<(HttpStatusCode Status, string Challenge)> CallAsync(string authorization)
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/library");
        request.Headers.TryAddWithoutValidation("Authorization", authorization.Replace("{token}", token, StringComparison.Ordinal));
        using var answer = await host.Device().SendAsync(request);
        return (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString());
    }

    private static async Task<(HttpStatusCode Status, string Challenge)> GetAsync(TestHost host, string token, string path = "/api/library")
    {
        using var answer = await host.WithToken(token).GetAsync(path);
        return (answer.StatusCode, answer.Headers.WwwAuthenticate.ToString());
    }

    private static string Hash(string token) => DeviceToken.TryParse(token, "da_", out var parsed) ? parsed.Hash() : throw new ArgumentException("No token.", nameof(token));

    /// <summary>Answers with more than it was asked for.</summary>
    private sealed class GenerousPolicy : IPairingPolicy
    {
        public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
            ValueTask.FromResult<IEnumerable<string>>(["library.read", "library.write", "profile"]);
    }
}

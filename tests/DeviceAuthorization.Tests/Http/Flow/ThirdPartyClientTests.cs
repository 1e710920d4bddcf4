using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Duende.IdentityModel;
using Duende.IdentityModel.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>Client libraries that know nothing of this one (Duende.IdentityModel, and openid-client of npm) complete the whole flow.</summary>
public sealed class ThirdPartyClientTests
{
    [Fact]
    [Trait("Outside", "socket")]
    public async Task Openid_client_goes_on_polling_through_an_outage_and_a_limit()
    {
        var store = new InterceptedPairingStore(new InMemoryPairingStore(
            Microsoft.Extensions.Options.Options.Create(new DeviceAuthorizationOptions()), new FakeTimeProvider(TestHost.Epoch)));
        var answers = new ConcurrentQueue<int>();
        var (limited, approved) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        TestHost? running = null;
        await using var host = running = await TestHost.StartAsync(
            options => (options.RateLimits.Enabled, options.RateLimits.PollsPerMinute) = (true, 3),
            services => services.AddSingleton<IPairingStore>(store).AddSingleton<IStartupFilter>(new BeforeRouting(app => app.Use(async (context, next) =>
            {
                if (!context.Request.Path.Value!.EndsWith("/token", StringComparison.Ordinal))
                {
                    await next(context);
                    return;
                }

                if (limited.Task.IsCompleted)
                {
                    await approved.Task; // or the pairing would expire on a busy machine: each poll takes a minute of its life
                }

                running!.Clock.Advance(answers.Count < 4 ? TimeSpan.FromSeconds(10) : TimeSpan.FromMinutes(1)); // the fourth poll in a minute is one too many
                if (answers.Count == 1)
                {
                    store.FailBefore(nameof(IPairingStore.TryAcceptPollAsync));
                }

                await next(context);
                answers.Enqueue(context.Response.StatusCode);
                if (context.Response.StatusCode == StatusCodes.Status429TooManyRequests)
                {
                    limited.TrySetResult();
                }
            }))),
            kestrel: true);
        Assert.True(Directory.Exists(Path.Combine(Repository.Root, "tests/node_modules/openid-client")), "openid-client is not installed. ./test installs it: npm install --prefix tests");
        using var node = Process.Start(new ProcessStartInfo("node", [Path.Combine(Repository.Root, "tests/DeviceAuthorization.Tests/Http/Flow/openid-client.mjs"), $"{host.Address}"]) { RedirectStandardOutput = true, UseShellExecute = false })!;
        var code = (await node.StandardOutput.ReadLineAsync())!;
        await limited.Task.WaitAsync(TimeSpan.FromSeconds(30));
        (await (await host.SignInAsync("alice")).ApproveAsync(code)).EnsureSuccessStatusCode();
        approved.SetResult();

        var last = await node.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        Assert.True(last.Contains("access_token", StringComparison.Ordinal), last);
        Assert.Equal([400, 503, 400, 429], answers.Take(4));
        Assert.Equal(200, answers.Last());
        var device = host.Device();
        device.SetBearerToken(JsonDocument.Parse(last).RootElement.GetProperty("access_token").GetString()!);
        Assert.Equal(HttpStatusCode.OK, (await device.GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task Duende_IdentityModel_tells_the_app_of_an_outage_and_of_a_limit()
    {
        var store = new InterceptedPairingStore(new InMemoryPairingStore(
            Microsoft.Extensions.Options.Options.Create(new DeviceAuthorizationOptions()), new FakeTimeProvider(TestHost.Epoch)));
        await using var host = await TestHost.StartAsync(
            options => (options.RateLimits.Enabled, options.RateLimits.PollsPerMinute) = (true, 2), services => services.AddSingleton<IPairingStore>(store));
        var (device, codes) = (host.Device(), await host.Device().StartAsync());
        store.FailBefore(nameof(IPairingStore.TryAcceptPollAsync));
        var (outage, _, limit) = (await PollAsync(), await PollAsync(), await PollAsync());
        Assert.Equal((ResponseErrorType.Http, HttpStatusCode.ServiceUnavailable, "slow_down"), (outage.ErrorType, outage.HttpStatusCode, outage.TryGet("error")));
        Assert.Equal((ResponseErrorType.Http, HttpStatusCode.TooManyRequests, "slow_down"), (limit.ErrorType, limit.HttpStatusCode, limit.TryGet("error")));
        Assert.Equal("Service Unavailable", outage.Error); // so an app must read the error of the body, as docs/compatibility.md says

        Task<TokenResponse> PollAsync() => device.RequestDeviceTokenAsync(new DeviceTokenRequest
        {
            Address = $"{Wire.Prefix}/token",
            ClientId = "tv",
            ClientCredentialStyle = ClientCredentialStyle.PostBody,
            DeviceCode = codes.DeviceCode,
        });
    }

    [Theory]
    [InlineData(ClientCredentialStyle.PostBody, null)]
    [InlineData(ClientCredentialStyle.PostBody, "")]
    [InlineData(ClientCredentialStyle.AuthorizationHeader, "")]
    public async Task Duende_IdentityModel_pairs_and_calls_the_API(ClientCredentialStyle style, string? secret)
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();

        var started = await device.RequestDeviceAuthorizationAsync(new DeviceAuthorizationRequest
        {
            Address = $"{Wire.Prefix}/init",
            ClientId = "third party",
            ClientSecret = secret,
            ClientCredentialStyle = style,
            Scope = "library.read profile",
        });
        Assert.False(started.IsError, started.Raw);
        Assert.Equal("https://tv.example.com/pair/device", started.VerificationUri);
        Assert.StartsWith(started.VerificationUri, started.VerificationUriComplete, StringComparison.Ordinal);
        Assert.Equal(600, started.ExpiresIn);

        var interval = started.Interval;
        Assert.Equal("authorization_pending", (await PollAsync()).Error);
        Assert.Equal(OidcConstants.TokenErrors.SlowDown, (await PollAsync()).Error);

        interval += 5; // as RFC 8628 §3.5 tells the client
        host.Clock.Advance(TimeSpan.FromSeconds(interval));
        Assert.Equal("authorization_pending", (await PollAsync()).Error);

        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(started.UserCode!, "library.read")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromSeconds(interval));
        var paired = await PollAsync();
        Assert.False(paired.IsError, paired.Raw);
        Assert.Equal("Bearer", paired.TokenType);
        Assert.Equal("library.read", paired.Scope);
        Assert.Equal((int)TimeSpan.FromDays(90).TotalSeconds - interval, paired.ExpiresIn); // it counts from the approval

        device.SetBearerToken(paired.AccessToken!);
        using var library = await device.GetAsync("/api/library");
        Assert.Equal("alice", (await library.JsonAsync()).GetProperty("user").GetString());
        Assert.Equal(HttpStatusCode.Forbidden, (await device.GetAsync("/api/admin")).StatusCode);

        Task<TokenResponse> PollAsync() => device.RequestDeviceTokenAsync(new DeviceTokenRequest
        {
            Address = $"{Wire.Prefix}/token",
            ClientId = "third party",
            ClientSecret = secret,
            ClientCredentialStyle = style,
            DeviceCode = started.DeviceCode!,
        });
    }

    [Theory]
    [InlineData("")]
    [InlineData("/app")]
    public async Task Duende_IdentityModel_finds_the_endpoints_by_the_issuer_alone(string pathBase)
    {
        await using var host = await TestHost.StartAsync(
            options => options.PathBase = pathBase, map: app => app.MapDeviceAuthorizationMetadata(), pathBase: pathBase.Length > 0 ? pathBase : null);
        var device = host.Device();
        var found = await device.GetDiscoveryDocumentAsync(new DiscoveryDocumentRequest
        {
            Address = $"https://tv.example.com{pathBase}",
            Policy = { DiscoveryDocumentPath = ".well-known/oauth-authorization-server", RequireKeySet = false }, // issuer and endpoints are validated
        });
        Assert.False(found.IsError, found.Error);
        Assert.Equal(OidcConstants.GrantTypes.DeviceCode, Assert.Single(found.GrantTypesSupported));

        var started = await device.RequestDeviceAuthorizationAsync(new DeviceAuthorizationRequest
        {
            Address = found.DeviceAuthorizationEndpoint,
            ClientId = "tv",
            ClientCredentialStyle = ClientCredentialStyle.PostBody,
            Scope = string.Join(' ', found.ScopesSupported),
        });
        Assert.Equal($"https://tv.example.com{pathBase}/pair/device", started.VerificationUri);
        var pending = await device.RequestDeviceTokenAsync(new DeviceTokenRequest
        {
            Address = found.TokenEndpoint,
            ClientId = "tv",
            ClientCredentialStyle = ClientCredentialStyle.PostBody,
            DeviceCode = started.DeviceCode!,
        });
        Assert.Equal("authorization_pending", pending.Error);
    }

    [Fact]
    public async Task Duende_IdentityModel_understands_every_refusal()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var refused = await device.RequestDeviceAuthorizationAsync(new DeviceAuthorizationRequest
        {
            Address = $"{Wire.Prefix}/init",
            ClientId = "tv",
            ClientCredentialStyle = ClientCredentialStyle.PostBody,
            Scope = "admin",
        });
        Assert.Equal("invalid_scope", refused.Error);
        Assert.Equal("A requested scope is unknown.", refused.ErrorDescription);

        var (denied, expired) = (await device.StartAsync(), await device.StartAsync());
        (await (await host.SignInAsync("alice")).DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        Assert.Equal("access_denied", (await PollAsync(denied.DeviceCode)).Error);
        Assert.Equal("invalid_grant", (await PollAsync("nonsense")).Error);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal("expired_token", (await PollAsync(expired.DeviceCode)).Error);

        Task<TokenResponse> PollAsync(string deviceCode) => device.RequestDeviceTokenAsync(new DeviceTokenRequest
        {
            Address = $"{Wire.Prefix}/token",
            ClientId = "tv",
            ClientCredentialStyle = ClientCredentialStyle.PostBody,
            DeviceCode = deviceCode,
        });
    }
}

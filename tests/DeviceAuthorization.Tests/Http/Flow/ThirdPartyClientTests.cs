using System.Net;
using DeviceAuthorization.Rules;
using Duende.IdentityModel;
using Duende.IdentityModel.Client;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>A client library that knows nothing of this one (Duende.IdentityModel) completes the whole flow.</summary>
public sealed class ThirdPartyClientTests
{
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

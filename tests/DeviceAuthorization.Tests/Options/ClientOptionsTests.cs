using System.Text.Json;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>Registered clients are bound from configuration and checked when the host starts.</summary>
public sealed class ClientOptionsTests
{
    private const string Secret = "0123456789abcdef012345"; // as short as it may be

    [Theory]
    [InlineData("t\u00e4v:AllowLink", "true", "the client id 't\u00e4v' in Clients is not 1 to 128 printable ASCII characters (RFC 6749 appendix A.1).")]
    [InlineData("tv:DisplayName", "", "Clients:tv:DisplayName must be 1 to 64 visible characters, without control and bidirectional ones and surplus spaces.")]
    [InlineData("tv:DisplayName", " TV", "Clients:tv:DisplayName must be")]
    [InlineData("tv:DisplayName", "T\u202EV", "Clients:tv:DisplayName must be")]
    [InlineData("tv:DisplayName", "T\nV", "Clients:tv:DisplayName must be")]
    [InlineData("tv:DisplayName", "12345678901234567890123456789012345678901234567890123456789012345", "Clients:tv:DisplayName must be")]
    [InlineData("tv:LogoPath", "https://cdn.example.com/tv.svg", "Clients:tv:LogoPath is 'https://cdn.example.com/tv.svg'; it must be a path on this host, such as /logo.svg.")]
    [InlineData("tv:LogoPath", "//evil.example/tv.svg", "Clients:tv:LogoPath is '//evil.example/tv.svg'; it must be a path on this host")]
    [InlineData("tv:AllowedScopes:0", "library.read", "Clients:tv:AllowedScopes names 'library.read', which is not in Scopes: add it there.")]
    [InlineData("tv:PairingLifetime", "00:00:59", "Clients:tv:PairingLifetime is 00:00:59; it must be whole seconds from 00:01:00 to 00:30:00.")]
    [InlineData("tv:PairingLifetime", "00:30:01", "Clients:tv:PairingLifetime is 00:30:01; it must be whole seconds")]
    [InlineData("tv:PairingLifetime", "00:05:00.5", "it must be whole seconds")]
    [InlineData("tv:Secret", "0123456789abcdef01234", "Clients:tv:Secret must be 22 to 256 printable ASCII characters, and random: openssl rand -hex 32 makes one.")]
    [InlineData("tv:Secret", "", "Clients:tv:Secret must be 22 to 256")]
    [InlineData("tv:Secret", "0123456789abcdef01234\u00e4", "Clients:tv:Secret must be 22 to 256")]
    [InlineData("tv:Secret", "changeme-changeme-changeme", "Clients:tv:Secret must be 22 to 256 printable ASCII characters, and random")]
    [InlineData("tv:MayIntrospect", "true", "Clients:tv:MayIntrospect needs a Secret: only a client that authenticates may ask about tokens.")]
    public async Task A_wrong_client_stops_the_host_with_what_to_change(string key, string value, string message)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync(MinimalHost.Origin, ($"Clients:{key}", value)));
        var failure = Assert.Single(exception.Failures);
        Assert.StartsWith("DeviceAuthorization: " + message, failure.Replace("DeviceAuthorization: Clients:tv:PairingLifetime is 00:05:00.5000000; ", "DeviceAuthorization: ", StringComparison.Ordinal), StringComparison.Ordinal);
        if (key == "tv:Secret" && value.Length > 0)
        {
            Assert.DoesNotContain(value, failure, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_client_that_would_ask_for_nothing_stops_the_host()
    {
        (string, string)[] settings = [MinimalHost.Origin, ("Scopes:read", "Read"), ("Scopes:write", "Write"), ("DefaultScopes:0", "read"), ("Clients:tv:AllowedScopes:0", "write")];
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync(settings));
        Assert.Equal("DeviceAuthorization: Clients:tv:AllowedScopes has none of DefaultScopes, so it would ask for nothing; add one of them.", Assert.Single(exception.Failures));
    }

    [Fact]
    public async Task What_only_code_can_get_wrong_is_named_too()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(options =>
            {
                options.PollingInterval = TimeSpan.FromMinutes(1);
                options.Clients[""] = new DeviceClient();
                options.Clients[new string('a', 129)] = new DeviceClient();
                options.Clients["gone"] = null!;
                options.Clients["none"] = new DeviceClient { AllowedScopes = [] };
                options.Clients["brief"] = new DeviceClient { PairingLifetime = TimeSpan.FromMinutes(1) };
            }),
            settings: MinimalHost.Origin));
        Assert.Equal(5, exception.Failures.Count());
        Assert.Contains("DeviceAuthorization: Clients:gone is missing.", exception.Failures, StringComparer.Ordinal);
        Assert.Contains("DeviceAuthorization: Clients:none:AllowedScopes is empty; name at least one scope, or leave it out to allow all.", exception.Failures, StringComparer.Ordinal);
        Assert.Contains("DeviceAuthorization: PollingInterval is 00:01:00 and Clients:brief:PairingLifetime 00:01:00; a device must poll more than once.", exception.Failures, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Every_setting_of_a_client_can_come_from_configuration()
    {
        await using var app = await MinimalHost.StartAsync(
            MinimalHost.Origin,
            ("Scopes:library.read", "See your library"),
            ("Clients:tv:DisplayName", new string('x', 64)),
            ("Clients:tv:LogoPath", "/tv.svg"),
            ("Clients:tv:AllowedScopes:0", "library.read"),
            ("Clients:tv:PairingLifetime", "00:03:00"),
            ("Clients:tv:AllowLink", "false"),
            ("Clients:tv:Secret", Secret),
            ("Clients:tv:MayIntrospect", "true"),
            ("Clients:cli:DisplayName", "Command line"));
        var clients = app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.Clients;
        Assert.Equal("cli tv", string.Join(' ', clients.Keys.Order(StringComparer.Ordinal)));
        var (tv, cli) = (clients["tv"], clients["cli"]);
        Assert.Equal((64, "/tv.svg", "library.read"), (tv.DisplayName!.Length, tv.LogoPath, Assert.Single(tv.AllowedScopes!)));
        Assert.Equal((TimeSpan.FromMinutes(3), (bool?)false, Secret, true), (tv.PairingLifetime, tv.AllowLink, tv.Secret, tv.MayIntrospect));
        Assert.Equal(((string?)null, null, null, (bool?)null, null, false), (cli.LogoPath, cli.AllowedScopes, cli.PairingLifetime, cli.AllowLink, cli.Secret, cli.MayIntrospect));
    }

    [Fact]
    public async Task A_client_may_have_nothing_but_its_id()
    {
        await using var app = await MinimalHost.StartAsync(MinimalHost.Origin, ("Clients:tv", "")); // in JSON: "tv": {}
        var client = Assert.Single(app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.Clients);
        Assert.Equal(("tv", null), (client.Key, client.Value.DisplayName));
    }

    [Fact]
    public void A_client_does_not_print_its_secret()
    {
        var client = new DeviceClient { DisplayName = "TV", Secret = Secret };
        Assert.Equal("DeviceClient { DisplayName = TV, Secret = *** }", client.ToString());
        Assert.Equal("DeviceClient { DisplayName = , Secret = none }", new DeviceClient().ToString());
        Assert.DoesNotContain(Secret, JsonSerializer.Serialize(client), StringComparison.Ordinal);
    }
}

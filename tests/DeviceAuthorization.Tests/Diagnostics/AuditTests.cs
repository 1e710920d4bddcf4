using System.Text.RegularExpressions;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>The log alone answers who let what in: which user, which device, for which client, from which network, and what it may do.</summary>
public sealed class AuditTests
{
    [Fact]
    public async Task What_users_decide_is_told_with_device_client_network_and_scopes()
    {
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IStartupFilter>(new Callers()));
        var (alice, device) = (await host.SignInAsync("alice"), Callers.From(host.Device(), "203.0.113.7"));
        StartedCodes paired = await device.StartJsonAsync(name: "Sofa", scopes: RegistryHost.Scopes), denied = await device.StartJsonAsync("id-2", "Bed");
        (await alice.ApproveAsync(paired.UserCode, "me.read", "devices.read")).EnsureSuccessStatusCode();
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        (await device.PollJsonAsync(paired.DeviceCode)).EnsureSuccessStatusCode();
        var token = Assert.Single(await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", default));
        await alice.CallAsync("POST", RegistryHost.Tokens, """{ "name": "Script", "scopes": ["me.read"], "expires_in": "30d" }""");
        await alice.CallAsync("DELETE", $"{RegistryHost.Tokens}/{token.Id}");
        await alice.CallAsync("DELETE", $"{RegistryHost.Devices}/{token.DeviceId}");
        Assert.Equal(
            [
                "User alice approved pairing ID: device \"Sofa\", client \"grout\", network 203.0.113.0/24, scopes devices.read me.read. Risk: None.",
                "User alice denied pairing ID: device \"Bed\", client \"grout\", network 203.0.113.0/24.",
                "Pairing ID redeemed: device ID has token ID, scopes devices.read me.read.",
                "User alice made token ID by hand: \"Script\", scopes me.read.",
                "Token ID of user alice was revoked: \"Sofa\", client \"grout\", network 203.0.113.0/24, scopes devices.read me.read.",
                "Device ID of user alice was removed, and its tokens were revoked: \"Sofa\".",
            ],
            host.Logs.GetSnapshot()
                .Where(record => record.Level == LogLevel.Information && record.Category == "DeviceAuthorization.Flow.EventReporter")
                .Select(record => Regex.Replace(record.Message, "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID")),
            StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("Sofa", "\"Sofa\"")]
    [InlineData(null, "(none)")]
    [InlineData("\u200B", "(none)")]
    [InlineData("TV\" of user \"bob", "\"TV' of user 'bob\"")] // cannot end its quotes
    [InlineData("TV\nUser bob approved", "(unreadable)")] // nor its line
    [InlineData("TV\u202Ekcol", "\"TVkcol\"")] // nor turn the line around
    [InlineData("1234567890123456789012345678901234567890", "\"1234567890123456789012345678901234567890\"")]
    [InlineData("12345678901234567890123456789012345678901", "\"123456789012345678901234567890123456789…\"")]
    [InlineData("12345678901234567890123456789012345678📺📺", "\"12345678901234567890123456789012345678…\"")]
    public void A_name_is_short_and_stays_in_its_quotes(string? name, string written) => Assert.Equal(written, AuditText.Quote(name));

    [Theory]
    [InlineData("5f4c2f9e-0a36-4b8c-9d8e-7d1f0c9f3b11-of-a-long-provider", "5f4c2f9e-0a36-4b8c-9d8e-7d1f0c9f3b11-of-a-long-provider")]
    [InlineData("alice+tv@example.com", "alice+tv@example.com")]
    [InlineData("bob denied", "\"bob denied\"")]
    [InlineData("bob\"", "\"bob'\"")]
    [InlineData("bob\nUser alice approved", "(unreadable)")]
    [InlineData("bob\u202E", "\"bob\"")]
    public void A_user_id_is_as_it_is_unless_it_could_pass_for_other_words(string id, string written) => Assert.Equal(written, AuditText.Id(id));

    [Theory]
    [InlineData("start", "203.0.113.7", "network 203.0.113.0/24")]
    [InlineData("start", "2001:db8:1:2::3", "network 2001:db8:1::/48")]
    [InlineData("code", "203.0.113.7", "user alice")]
    [InlineData("codes-in-all", "203.0.113.7", "all users together")]
    public async Task A_limit_that_is_reached_is_told_with_the_network_or_the_user(string limit, string address, string who)
    {
        await using var host = await TestHost.StartAsync(
            options => (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute, options.RateLimits.CodesPerUser, options.RateLimits.CodesInAll) =
                (true, limit == "start" ? 1 : 10, limit == "code" ? 1 : 5, limit == "codes-in-all" ? 1 : 100),
            services => services.AddSingleton<IStartupFilter>(new Callers()));
        var (device, alice) = (Callers.From(host.Device(), address), await host.SignInAsync("alice"));
        for (var i = 0; i < 2; i++)
        {
            (await (limit == "start" ? device.PostFormAsync("init", ("client_id", "tv")) : alice.ApproveAsync("BCDF-GHJK"))).Dispose();
        }

        Assert.Equal($"A limit was reached: {limit}, by {who} (DeviceAuthorization:RateLimits).", Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Name == "LimitReached").Message);
    }
}

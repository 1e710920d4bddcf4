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
}

using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>Which settings a level brings, and that a setting of the host wins over it.</summary>
public sealed class SecurityLevelTests
{
    [Theory]
    [InlineData(SecurityLevel.Relaxed, "Off 00:10:00 90.00:00:00 20 False")]
    [InlineData(SecurityLevel.Balanced, "WhenRisky 00:10:00 90.00:00:00 20 False")]
    [InlineData(SecurityLevel.Strict, "WhenRisky 00:05:00 30.00:00:00 5 True")]
    public void A_level_sets_what_the_host_does_not(SecurityLevel level, string settings) => Assert.Equal(settings, Settings(new() { Security = level }));

    [Fact]
    public void The_default_is_balanced() => Assert.Equal(SecurityLevel.Balanced, new DeviceAuthorizationOptions().Security);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_the_host_sets_wins_whenever_it_sets_it(bool levelFirst)
    {
        var options = new DeviceAuthorizationOptions();
        Action[] steps = [() => options.Security = SecurityLevel.Strict, () => Choose(options)];
        foreach (var step in levelFirst ? steps : steps.Reverse())
        {
            step();
        }

        Assert.Equal("Off 00:10:00 90.00:00:00  False", Settings(options)); // as Balanced has them, and no campaigns
    }

    [Fact]
    public async Task Configuration_may_say_the_level_or_a_setting_and_code_the_other()
    {
        await using var level = await StartAsync(Choose, ("Security", "Strict"), ("Clients:tv:DisplayName", "TV"));
        Assert.Equal("Off 00:10:00 90.00:00:00  False", Settings(Options(level)));

        await using var setting = await StartAsync(
            options => options.Security = SecurityLevel.Strict, ("PairingLifetime", "00:10:00"), ("NumberMatching", "Off"), ("Clients:tv:DisplayName", "TV"));
        Assert.Equal("Off 00:10:00 30.00:00:00 5 True", Settings(Options(setting)));
    }

    private static void Choose(DeviceAuthorizationOptions options)
    {
        options.NumberMatching = NumberMatching.Off;
        options.PairingLifetime = TimeSpan.FromMinutes(10);
        options.TokenLifetime = TimeSpan.FromDays(90);
        options.CampaignThreshold = null;
        options.VoidSuspectedPairings = false;
    }

    private static Task<Microsoft.AspNetCore.Builder.WebApplication> StartAsync(Action<DeviceAuthorizationOptions> configure, params (string, string)[] settings) =>
        MinimalHost.StartAsync(services => services.AddDeviceAuthorization(configure), settings: [MinimalHost.Origin, .. settings]);

    private static DeviceAuthorizationOptions Options(Microsoft.AspNetCore.Builder.WebApplication app) =>
        app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;

    private static string Settings(DeviceAuthorizationOptions options) =>
        $"{options.NumberMatching} {options.PairingLifetime} {options.TokenLifetime} {options.CampaignThreshold} {options.VoidSuspectedPairings}";
}

using System.Net;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Which polls are refused when there are too many, and which never are.</summary>
public sealed class PollLimitTests
{
    [Fact]
    public async Task Unknown_device_codes_are_429_beyond_the_limit_and_known_ones_never()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { UnknownDeviceCodesPerMinute = 3 });
        var codes = await host.Device().StartAsync();
        for (var poll = 0; poll < 3; poll++)
        {
            using var unknown = await host.Device().PollAsync(poll == 1 ? "not a code" : DeviceCode.New().Reveal());
            await OAuthAssert.ErrorAsync(unknown, 400, "invalid_grant");
        }

        using var banned = await host.Device().PollAsync(DeviceCode.New().Reveal());
        await OAuthAssert.ErrorAsync(banned, 429, "slow_down");
        Assert.NotNull(banned.Headers.RetryAfter);
        using var json = await host.Device().PollJsonAsync(DeviceCode.New().Reveal());
        Assert.Equal((HttpStatusCode.TooManyRequests, "Too many polling attempts. Try again later."), (json.StatusCode, await json.DetailAsync()));

        using var known = await host.Device().PollAsync(codes.DeviceCode);
        await OAuthAssert.ErrorAsync(known, 400, "authorization_pending");
        using var early = await host.Device().PollAsync(codes.DeviceCode);
        await OAuthAssert.ErrorAsync(early, 400, "slow_down");

        host.Clock.Advance(banned.Headers.RetryAfter!.Delta!.Value);
        using var later = await host.Device().PollAsync(DeviceCode.New().Reveal());
        await OAuthAssert.ErrorAsync(later, 400, "invalid_grant");
    }

    [Fact]
    public async Task Used_and_expired_codes_are_no_unknown_ones()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { UnknownDeviceCodesPerMinute = 1 });
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        for (var poll = 0; poll < 3; poll++)
        {
            using var used = await host.Device().PollAsync(codes.DeviceCode);
            await OAuthAssert.ErrorAsync(used, 400, "invalid_grant");
        }
    }

    [Fact]
    public async Task The_preset_has_RomMs_figures_ten_starts_and_sixty_polls_of_whatever_code()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = DeviceRateLimits.RomM);
        var codes = await host.Device().StartJsonAsync();
        for (var start = 1; start < 10; start++)
        {
            await host.Device().StartJsonAsync();
        }

        using var eleventh = await host.Device().PostJsonAsync(
            "init", new { client_device_identifier = "i", name = "n", client = "c", requested_scopes = (string[])["library.read"] });
        Assert.Equal((HttpStatusCode.TooManyRequests, "Too many authorize attempts. Try again later."), (eleventh.StatusCode, await eleventh.DetailAsync()));
        for (var poll = 0; poll < 60; poll++)
        {
            using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }

        using var sixtyFirst = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal((HttpStatusCode.TooManyRequests, "Too many polling attempts. Try again later."), (sixtyFirst.StatusCode, await sixtyFirst.DetailAsync()));
    }
}

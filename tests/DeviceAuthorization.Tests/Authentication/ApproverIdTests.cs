using System.Net;
using System.Security.Claims;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>Who an approver is: what the host's function finds in their sign-in, or else <c>NameIdentifier</c> or <c>sub</c>.</summary>
public sealed class ApproverIdTests
{
    private const int WithoutId = 40;

    [Theory]
    [InlineData("sub=alice", "alice")]
    [InlineData("sub=other&" + ClaimTypes.NameIdentifier + "=alice", "alice")]
    public async Task By_default_NameIdentifier_or_sub_is_the_user(string claims, string expected)
    {
        await using var host = await StartAsync();
        Assert.Equal(expected, await PairAsync(host, claims));
    }

    [Fact]
    public async Task Users_of_two_providers_with_the_same_id_share_nothing_when_the_host_tells_them_apart()
    {
        await using var host = await StartAsync(options => options.ApproverUserId = user => $"{user.FindFirstValue("iss")}|{user.FindFirstValue("sub")}");
        Assert.Equal("a|1", await PairAsync(host, "iss=a&sub=1"));
        Assert.Equal("b|1", await PairAsync(host, "iss=b&sub=1"));
        var devices = host.Services.GetRequiredService<IDeviceRepository>();
        var ofA = Assert.Single(await devices.ListAsync("a|1", CancellationToken.None));
        var ofB = Assert.Single(await devices.ListAsync("b|1", CancellationToken.None));
        Assert.False(ofA.Id == ofB.Id);
        Assert.Empty(await devices.ListAsync("1", CancellationToken.None));

        // The same reading where a request names a device.
        Assert.Equal("tv", await (await SignInAsync(host, "iss=a&sub=1")).GetStringAsync("/about?device_id=" + ofA.Id));
        Assert.Equal("unknown", await (await SignInAsync(host, "iss=b&sub=1")).GetStringAsync("/about?device_id=" + ofA.Id));
    }

    [Fact]
    public async Task A_device_token_keeps_the_id_of_its_user_whatever_the_function_would_find_in_it()
    {
        await using var host = await StartAsync(options => options.ApproverUserId = user => user.FindFirstValue("oid"));
        var codes = await host.Device().StartAsync();
        var alice = await SignInAsync(host, "oid=alice");
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        var device = Assert.Single(await host.Services.GetRequiredService<IDeviceRepository>().ListAsync("alice", CancellationToken.None));
        var client = host.WithToken((await paired.JsonAsync()).String("access_token")!);
        Assert.Equal("tv", await client.GetStringAsync("/about-as-device?device_id=" + device.Id));
    }

    [Fact]
    public async Task Somebody_without_an_id_approves_nothing_and_the_log_says_once_which_claims_there_are_and_none_of_their_values()
    {
        await using var host = await StartAsync();
        var browser = await SignInAsync(host, "oid=very-secret&email=alice@example.com");
        for (var request = 0; request < 3; request++)
        {
            using var json = await browser.ApproveAsync((await host.Device().StartAsync()).UserCode);
            Assert.Equal(HttpStatusCode.Forbidden, json.StatusCode);
            using var page = await browser.GetAsync(Browser.Page);
            Assert.Equal((HttpStatusCode.Forbidden, "Not possible"), (page.StatusCode, await page.TitleAsync()));
        }

        var entry = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == WithoutId);
        Assert.Equal(LogLevel.Warning, entry.Level);
        Assert.Contains("scheme 'Cookies'", entry.Message, StringComparison.Ordinal);
        Assert.Contains("Their claims: oid, email. Set DeviceAuthorizationOptions.ApproverUserId", entry.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("very-secret", entry.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(255, HttpStatusCode.OK)]
    [InlineData(256, HttpStatusCode.Forbidden)]
    [InlineData(1000, HttpStatusCode.Forbidden)]
    public async Task An_id_of_more_than_255_characters_counts_as_none(int length, HttpStatusCode expected)
    {
        await using var host = await StartAsync();
        var browser = await SignInAsync(host, "sub=" + new string('a', length));
        using var approved = await browser.ApproveAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal(expected, approved.StatusCode);
        Assert.Equal(expected == HttpStatusCode.Forbidden, host.Logs.GetSnapshot().Any(entry => entry.Id.Id == WithoutId && entry.Message.Contains("no user id of 1 to 255 characters", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("")]
    [InlineData(256)]
    public void An_approver_has_an_id_of_1_to_255_characters(object id)
    {
        var userId = id as string ?? new string('a', (int)id);
        Assert.Throws<ArgumentException>(() => new Approver(userId));
        Assert.Throws<ArgumentException>(() => new Approver("alice") with { UserId = userId });
    }

    [Fact]
    public async Task The_function_is_not_asked_about_nobody()
    {
        await using var host = await StartAsync(options => options.ApproverUserId = user => user.FindFirst("oid")!.Value);
        using var page = await host.Browser().GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Equal("unknown", await host.Browser().GetStringAsync("/about?device_id=42"));
    }

    private static Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null) => TestHost.StartAsync(configure, map: app =>
    {
        app.MapGet("/sign-in-with", (HttpContext context) => context.SignInAsync(
            new ClaimsPrincipal(new ClaimsIdentity(context.Request.Query.Select(claim => new Claim(claim.Key, claim.Value.ToString())), "test"))));
        app.MapGet("/about", (RequestDevice device) => device.IsUnknown ? "unknown" : device.Device?.Name);
        app.MapGet("/about-as-device", (RequestDevice device) => device.IsUnknown ? "unknown" : device.Device?.Name).RequirePairedDevice();
    });

    private static async Task<HttpClient> SignInAsync(TestHost host, string claims)
    {
        var browser = host.Browser();
        (await browser.GetAsync("/sign-in-with?" + claims)).EnsureSuccessStatusCode();
        return browser;
    }

    /// <summary>The user that a device of somebody with these claims acts for.</summary>
    private static async Task<string?> PairAsync(TestHost host, string claims)
    {
        var codes = await host.Device().StartAsync();
        (await (await SignInAsync(host, claims)).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        using var called = await host.WithToken((await paired.JsonAsync()).String("access_token")!).GetAsync("/api/library");
        return (await called.JsonAsync()).String("user");
    }
}

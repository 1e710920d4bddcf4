using System.Net;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>An account gets a new stamp, as after a changed password: what it let in before ends, and what it lets in afterwards goes on.</summary>
public sealed class AccountStampTests
{
    private readonly TestPolicy _policy = new() { Stamp = "first" };

    [Fact]
    public async Task A_device_loses_its_access_and_gets_it_again_by_pairing_again()
    {
        await using var host = await StartAsync();
        var before = host.WithToken(await host.PairAsync());
        Assert.Equal(HttpStatusCode.OK, (await before.CallAsync("GET", "/api/library")).Status);

        _policy.Stamp = "second";
        Assert.Equal(HttpStatusCode.Unauthorized, (await before.CallAsync("GET", "/api/library")).Status);
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(await host.PairAsync()).CallAsync("GET", "/api/library")).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await before.CallAsync("GET", "/api/library")).Status);
    }

    [Fact]
    public async Task A_token_made_by_hand_ends_too()
    {
        await using var host = await StartAsync();
        var script = host.WithToken(await (await host.SignInAsync("alice")).MakeTokenAsync());
        Assert.Equal(HttpStatusCode.OK, (await script.CallAsync("GET", "/api/songs")).Status);
        _policy.Stamp = "second";
        Assert.Equal(HttpStatusCode.Unauthorized, (await script.CallAsync("GET", "/api/songs")).Status);
    }

    [Fact]
    public async Task An_approval_from_before_gives_no_token()
    {
        await using var host = await StartAsync();
        var (late, lost) = (await host.Device().StartAsync(), await host.Device().StartAsync());
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(late.UserCode)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(lost.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollAsync(lost.DeviceCode)).Dispose(); // this answer does not reach its device

        _policy.Stamp = "second";
        foreach (var codes in (StartedCodes[])[late, lost])
        {
            using var polled = await host.Device().PollAsync(codes.DeviceCode);
            await OAuthAssert.ErrorAsync(polled, 400, "invalid_grant");
        }
    }

    [Fact]
    public async Task The_owner_sees_the_device_without_access_and_its_place_is_free()
    {
        await using var host = await StartAsync(options => options.MaxTokensPerUser = 1);
        await host.PairAsync();
        _policy.Stamp = "second";
        var alice = await host.SignInAsync("alice");
        await host.PairAsync(); // a second device: the token of the first does not count
        Assert.Equal(2, (await alice.IdsAsync()).Length);
        Assert.Single(await alice.IdsAsync(RegistryHost.Tokens));
        Assert.Contains("/revoke\"", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);

        _policy.Stamp = "third";
        Assert.Empty(await alice.IdsAsync(RegistryHost.Tokens));
        Assert.DoesNotContain("/revoke\"", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);
        _policy.Stamp = "second";
        Assert.Empty(await alice.IdsAsync(RegistryHost.Tokens)); // revoked, and not only hidden
    }

    [Fact]
    public async Task A_token_that_ended_cannot_be_renewed()
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        await alice.MakeTokenAsync();
        var id = Assert.Single(await alice.IdsAsync(RegistryHost.Tokens));
        _policy.Stamp = "second";
        Assert.Equal(HttpStatusCode.NotFound, (await alice.CallAsync("PUT", $"{RegistryHost.Tokens}/{id}/regenerate")).Status);
    }

    [Theory]
    [InlineData(null, "first")] // paired before the host had stamps
    [InlineData("first", null)] // the host has none any more
    public async Task What_cannot_be_compared_ends_nothing(string? before, string? after)
    {
        await using var host = await StartAsync();
        _policy.Stamp = before;
        var device = host.WithToken(await host.PairAsync());
        _policy.Stamp = after;
        Assert.Equal(HttpStatusCode.OK, (await device.CallAsync("GET", "/api/library")).Status);
        Assert.Single(await (await host.SignInAsync("alice")).IdsAsync(RegistryHost.Tokens));
    }

    [Fact]
    public async Task Only_a_part_of_the_hash_is_kept()
    {
        await using var host = await StartAsync();
        await host.PairAsync();
        var token = Assert.Single(await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", default));
        Assert.Equal("p5N7ZLjKpY8Dchu2us9ceA", token.AccountStamp); // base64url of the first half of sha256("first")
    }

    [Fact]
    public async Task A_sign_in_that_the_host_no_longer_accepts_does_nothing_and_leads_to_the_sign_in()
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        var codes = await host.Device().StartAsync();
        _policy.AcceptsSignIns = false;
        using var approve = await alice.ApproveAsync(codes.UserCode);
        using var list = await alice.GetAsync(RegistryHost.Tokens);
        using var page = await alice.GetAsync(DevicesBrowser.Devices);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized, HttpStatusCode.Redirect, "/login"),
            (approve.StatusCode, list.StatusCode, page.StatusCode, page.Headers.Location!.AbsolutePath));

        _policy.AcceptsSignIns = true;
        using var again = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.OK, again.StatusCode);
    }

    private Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null) =>
        RegistryHost.StartAsync(configure, services => services.AddSingleton<IPairingPolicy>(_policy), app =>
        {
            app.MapDevicesPage();
            app.MapGet("/api/songs", () => "songs").RequireScope("library.read");
        });
}

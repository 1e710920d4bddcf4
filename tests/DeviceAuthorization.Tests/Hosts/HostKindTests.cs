using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>What people do, in every kind of host.</summary>
public sealed class HostKindTests
{
    public static TheoryData<string> Kinds => [.. HostKinds.All];

    [Theory, MemberData(nameof(Kinds))]
    public async Task Who_is_not_signed_in_is_sent_to_the_sign_in_or_told_so(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var codes = await host.Device().StartAsync();
        using var approve = await host.Browser().ApproveAsync(codes.UserCode);
        using var list = await host.Browser().GetAsync(DeviceCalls.Devices);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Unauthorized), (approve.StatusCode, list.StatusCode));
        if (host.SignInPage is { } page)
        {
            using var answer = await host.Browser().GetAsync(Browser.Page);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Equal(page, answer.Headers.Location!.AbsolutePath);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_person_approves_sees_the_device_and_removes_it(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var alice = await host.SignInAsync("alice");
        var codes = await host.Device().StartAsync();
        if (host.SignInPage is null)
        {
            using var approved = await alice.ApproveAsync(codes.UserCode);
            Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        }
        else
        {
            using var approved = await alice.DecideOnPageAsync(codes.UserCode, "approve");
            Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
            Assert.Contains("See your library", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);
        }

        using var polled = await host.Device().PollAsync(codes.DeviceCode);
        var device = host.Device((await polled.JsonAsync()).String("access_token"));
        Assert.Equal("alice", await device.GetStringAsync("/api/library"));

        var id = Assert.Single(await alice.IdsAsync());
        Assert.Single(await alice.IdsAsync("/api/client-tokens"));
        Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("DELETE", $"{DeviceCalls.Devices}/{id}")).Status);
        using var refused = await device.GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_person_signs_out_all_devices_and_only_their_own(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var (hers, his) = (await PairAsync(host, alice), await PairAsync(host, bob));
        Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("POST", "/api/client-tokens/revoke-all")).Status);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), ((await hers.CallAsync("GET", "/api/library")).Status, (await his.CallAsync("GET", "/api/library")).Status));
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task Nobody_sees_the_devices_of_another_account(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var codes = await host.Device().StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        Assert.Empty(await (await host.SignInAsync("bob")).IdsAsync());
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_device_is_no_person(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var device = await PairAsync(host, await host.SignInAsync("alice"));
        var next = await host.Device().StartAsync();
        using var approve = await device.ApproveAsync(next.UserCode);
        using var make = await device.PostAsync("/api/client-tokens", null);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), (approve.StatusCode, make.StatusCode));
    }

    private static async Task<HttpClient> PairAsync(KindOfHost host, HttpClient person)
    {
        var codes = await host.Device().StartAsync();
        (await person.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var polled = await host.Device().PollAsync(codes.DeviceCode);
        return host.Device((await polled.JsonAsync()).String("access_token"));
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>What people do, in every kind of host.</summary>
[Trait("Outside", "host")]
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
    public async Task Who_enters_a_code_while_signed_out_finds_it_again_after_the_sign_in(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var codes = await host.Device().StartAsync();
        if (host.SignInPage is null)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.Browser().CallAsync("GET", Pending(codes))).Status);
            Assert.Equal(HttpStatusCode.OK, (await (await host.SignInAsync("alice")).CallAsync("GET", Pending(codes))).Status);
            return;
        }

        var browser = host.Browser();
        using var linked = await browser.GetAsync(codes.Body.String("verification_uri_complete"));
        var (page, passwords) = await browser.FollowAsync(linked, "alice");
        Assert.Equal((HttpStatusCode.OK, 1), (page.StatusCode, passwords));
        Assert.Contains($"value=\"{codes.UserCode}\"", await page.HtmlAsync(), StringComparison.Ordinal);
        await ApproveAsync(host, browser, codes);
        await PolledAsync(host, codes, "alice");
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_devices_own_things_are_for_it_and_its_owner(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind, map: app => app.MapGet("/own/{device_id}", () => "").RequireOwnDevice(allowOwner: true));
        var alice = await host.SignInAsync("alice");
        var device = await PairAsync(host, alice);
        var path = $"/own/{Assert.Single(await alice.IdsAsync())}";
        foreach (var (caller, status) in new[]
        {
            (device, HttpStatusCode.OK), (alice, HttpStatusCode.OK), (await host.SignInAsync("bob"), HttpStatusCode.NotFound), (host.Browser(), HttpStatusCode.Unauthorized),
        })
        {
            using var answer = await caller.GetAsync(path);
            Assert.Equal(status, answer.StatusCode);
        }
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_person_approves_sees_the_device_and_removes_it(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var alice = await host.SignInAsync("alice");
        var device = await PairAsync(host, alice);
        var id = Assert.Single(await alice.IdsAsync());
        Assert.Single(await alice.IdsAsync("/api/client-tokens"));
        if (host.SignInPage is null)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("DELETE", $"{DeviceCalls.Devices}/{id}")).Status);
        }
        else
        {
            Assert.Contains("See your library", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);
            using var removed = await alice.SendFormAsync("remove");
            Assert.Equal(HttpStatusCode.OK, removed.StatusCode);
        }

        Assert.Empty(await alice.IdsAsync());
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", "/api/library")).Status);
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task The_device_belongs_to_the_account_that_approved_it_though_another_saw_it_first(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        if (host.SignInPage is null)
        {
            Assert.Equal(HttpStatusCode.OK, (await browser.CallAsync("GET", Pending(codes))).Status);
            browser = await host.SignInAsync("bob");
        }
        else
        {
            var review = await browser.ReviewAsync(codes.UserCode);
            Assert.Contains("alice", review, StringComparison.Ordinal);
            using var switched = await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(review)));
            var (page, passwords) = await browser.FollowAsync(switched, "bob");
            Assert.Equal((HttpStatusCode.OK, 1), (page.StatusCode, passwords));
            var html = await page.HtmlAsync();
            Assert.Contains($"value=\"{codes.UserCode}\"", html, StringComparison.Ordinal);
            Assert.Contains("bob", html, StringComparison.Ordinal);
        }

        await ApproveAsync(host, browser, codes);
        await PolledAsync(host, codes, "bob");
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_risky_approval_needs_a_sign_in_that_is_newer_than_the_devices_request(string kind)
    {
        await using var host = await HostKinds.StartAsync(
            kind, services => services.AddSingleton<IPairingPolicy>(new TestPolicy { Risk = ApprovalRisk.StepUp }));
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var refused = await browser.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, "Sign in again before you approve this device."), (refused.StatusCode, await refused.DetailAsync()));
        if (host.SignInPage is null)
        {
            await ApproveAsync(host, await host.SignInAsync("alice"), codes);
        }
        else
        {
            var (review, passwords) = await browser.FollowAsync(await browser.EnterCodeAsync(codes.UserCode), "alice");
            Assert.Equal((HttpStatusCode.OK, 1), (review.StatusCode, passwords));
            using var approved = await browser.PostDecisionAsync(await review.HtmlAsync(), "approve");
            Assert.Equal("Device approved", await approved.TitleAsync());
        }

        await PolledAsync(host, codes, "alice");
    }

    [Theory, MemberData(nameof(Kinds))]
    public async Task A_person_signs_out_all_devices_and_only_their_own(string kind)
    {
        await using var host = await HostKinds.StartAsync(kind);
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var (hers, his) = (await PairAsync(host, alice), await PairAsync(host, bob));
        if (host.SignInPage is null)
        {
            Assert.Equal(HttpStatusCode.NoContent, (await alice.CallAsync("POST", "/api/client-tokens/revoke-all")).Status);
        }
        else
        {
            using var signedOut = await alice.SendFormAsync("sign-out");
            Assert.Equal(HttpStatusCode.OK, signedOut.StatusCode);
        }

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

    private static string Pending(StartedCodes codes) => $"{Wire.Prefix}/pending/{codes.UserCode}";

    private static async Task<HttpClient> PairAsync(KindOfHost host, HttpClient person)
    {
        var codes = await host.Device().StartAsync();
        await ApproveAsync(host, person, codes);
        return await PolledAsync(host, codes);
    }

    /// <summary>Approves as people do in this kind of host: on the page, or by the API.</summary>
    private static async Task ApproveAsync(KindOfHost host, HttpClient person, StartedCodes codes)
    {
        using var approved = await (host.SignInPage is null ? person.ApproveAsync(codes.UserCode) : person.DecideOnPageAsync(codes.UserCode, "approve"));
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
    }

    /// <summary>The device with its token, which must be of this owner.</summary>
    private static async Task<HttpClient> PolledAsync(KindOfHost host, StartedCodes codes, string? owner = null)
    {
        using var polled = await host.Device().PollAsync(codes.DeviceCode);
        var device = host.Device((await polled.JsonAsync()).String("access_token"));
        var library = await device.GetStringAsync("/api/library");
        Assert.Equal(owner ?? library, library);
        return device;
    }
}

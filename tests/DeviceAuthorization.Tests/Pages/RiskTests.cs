using System.Net;
using System.Text.Json;
using DeviceAuthorization.Pages;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>What the host's policy makes of an approval, on the page and in the JSON dialect.</summary>
public sealed class RiskTests
{
    private const string Warning = "Something about this request is unusual.";

    [Fact]
    public async Task A_warning_is_shown_and_the_approver_decides()
    {
        await using var host = await HostAsync(ApprovalRisk.Warn);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        Assert.Contains(Warning, review, StringComparison.Ordinal);
        using var decided = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
    }

    [Fact]
    public async Task Nothing_unusual_is_no_warning()
    {
        await using var host = await HostAsync(ApprovalRisk.None);
        var review = await (await host.SignInAsync("alice")).ReviewAsync((await host.Device().StartAsync()).UserCode);
        Assert.DoesNotContain(Warning, review, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_blocked_approval_is_not_offered_and_not_accepted()
    {
        var policy = new RiskPolicy { Risk = ApprovalRisk.None };
        await using var host = await HostAsync(policy);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        policy.Risk = ApprovalRisk.Block; // seen while the page was open
        using var decided = await alice.PostDecisionAsync(review, "approve");
        using var again = await alice.EnterCodeAsync(codes.UserCode);
        foreach (var page in new[] { decided, again })
        {
            Assert.Equal((HttpStatusCode.Forbidden, "Stopped for your safety"), (page.StatusCode, await page.TitleAsync()));
        }

        using var json = await alice.ApproveAsync(codes.UserCode);
        var refused = await json.JsonAsync();
        Assert.Equal((HttpStatusCode.Forbidden, "This request cannot be approved.", "blocked"), (json.StatusCode, refused.String("detail"), refused.String("error")));
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
        using var denied = await alice.DenyAsync(codes.UserCode); // no is always possible
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
    }

    [Fact]
    public async Task Who_must_step_up_signs_in_anew_and_comes_back_to_the_review()
    {
        await using var host = await HostAsync(ApprovalRisk.StepUp);
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var challenged = await browser.GoOnAsync(await browser.EnterCodeAsync(codes.UserCode));
        Assert.Equal(HttpStatusCode.Redirect, challenged.StatusCode);
        Assert.Equal($"https://tv.example.com/login?ReturnUrl={Uri.EscapeDataString(Browser.Review)}", challenged.Headers.Location?.OriginalString);
        using var json = await browser.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, "Sign in again before you approve this device."), (json.StatusCode, (await json.JsonAsync()).String("detail")));

        (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        var review = await browser.GetStringAsync(Browser.Review);
        Assert.Contains(Warning, review, StringComparison.Ordinal);
        using var decided = await browser.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
    }

    [Fact]
    public async Task Another_account_than_the_one_that_had_to_step_up_starts_over()
    {
        await using var host = await HostAsync(ApprovalRisk.StepUp);
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        (await browser.EnterCodeAsync(codes.UserCode)).Dispose();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        using var review = await browser.GetAsync(Browser.Review);
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Page), (review.StatusCode, review.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task A_switch_of_account_keeps_the_code_and_asks_for_it_again()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        var review = await browser.ReviewAsync(codes.UserCode);
        using var switched = await browser.GoOnAsync(await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(review))));
        Assert.Equal(HttpStatusCode.Redirect, switched.StatusCode);
        Assert.Equal($"https://tv.example.com/login?ReturnUrl={Uri.EscapeDataString(Browser.Page)}", switched.Headers.Location?.OriginalString);
        using var signedOut = await browser.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Redirect, signedOut.StatusCode);

        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        Assert.Contains($"value=\"{codes.UserCode}\"", await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
        Assert.Contains("bob", await browser.ReviewAsync(codes.UserCode), StringComparison.Ordinal); // alice let go of it, and nobody suspects anything
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id == 24);
    }

    [Fact]
    public async Task A_switch_that_another_site_asks_for_leaves_the_account_signed_in()
    {
        await using var host = await TestHost.StartAsync();
        var browser = await host.SignInAsync("alice");
        using var switched = await browser.PostOnlyAsync(Browser.Page + "/switch");
        Assert.Equal(HttpStatusCode.BadRequest, switched.StatusCode);
        Assert.Contains("alice", await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    private static Task<TestHost> HostAsync(ApprovalRisk risk) => HostAsync(new RiskPolicy { Risk = risk });

    private static Task<TestHost> HostAsync(IPairingPolicy policy) => TestHost.StartAsync(services: services => services.AddSingleton(policy));

    private sealed class RiskPolicy : IPairingPolicy
    {
        public ApprovalRisk Risk { get; set; }

        public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(Risk);
    }
}

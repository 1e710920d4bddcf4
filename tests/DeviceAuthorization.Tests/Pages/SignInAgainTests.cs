using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>
/// <see cref="ApprovalRisk.StepUp"/>: only a sign-in that is newer than the device's request counts. What renews a session or a token is none, and
/// neither is coming back from the sign-in.
/// </summary>
public sealed class SignInAgainTests
{
    private const int TimeUnknown = 42;
    private const int NotNew = 43;
    private const int EventsReplaced = 44;
    private const string Warning = "Something about this request is unusual.";
    private const string Stopped = "Please sign in again";

    // Cookies.

    [Fact]
    public async Task A_cookie_that_was_renewed_by_sliding_expiration_is_no_new_sign_in()
    {
        await using var host = await HostAsync();
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromDays(8)); // more than half of its life
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        using var renewed = await browser.GetAsync(Browser.Page);
        Assert.Contains(renewed.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith(".AspNetCore.Cookies=", StringComparison.Ordinal));
        await AssertRefusedAsync(host, browser, codes);

        (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        await AssertAcceptedAsync(browser);
    }

    [Fact]
    public async Task A_session_that_was_there_before_sign_ins_were_noted_is_not_fresh_though_the_host_signs_in_with_its_properties()
    {
        await using var host = await HostAsync(map: app => app.MapGet("/refresh", async (Microsoft.AspNetCore.Http.HttpContext context) =>
        {
            var session = await context.AuthenticateAsync();
            session.Properties!.Items.Remove("da.signed_in");
            await context.SignInAsync(session.Principal!, session.Properties);
        }));
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        (await browser.GetAsync("/refresh")).EnsureSuccessStatusCode();
        await AssertRefusedAsync(host, browser, codes);
    }

    [Fact]
    public async Task A_sign_in_page_that_sends_people_back_at_once_ends_after_two_rounds_in_words()
    {
        await using var host = await HostAsync();
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        using var entered = await browser.EnterCodeAsync(codes.UserCode);
        using var first = await browser.GoOnAsync(entered);
        using var again = await browser.GetAsync(Browser.Review);
        using var second = await browser.GoOnAsync(again);
        Assert.Equal([HttpStatusCode.Redirect, HttpStatusCode.Redirect], [first.StatusCode, second.StatusCode]);
        for (var reload = 0; reload < 2; reload++)
        {
            using var stopped = await browser.GetAsync(Browser.Review);
            Assert.Equal((HttpStatusCode.Forbidden, Stopped), (stopped.StatusCode, await stopped.TitleAsync()));
        }

        var entry = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id is TimeUnknown or NotNew);
        Assert.Equal((NotNew, LogLevel.Warning), (entry.Id.Id, entry.Level));
        Assert.Contains("a login page of your own must show its form", entry.Message, StringComparison.Ordinal);

        host.Clock.Advance(TimeSpan.FromSeconds(1));
        (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode(); // as the page asks them to
        await AssertAcceptedAsync(browser);
    }

    [Fact]
    public async Task Entering_the_code_once_more_gives_two_more_rounds()
    {
        await using var host = await HostAsync();
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        for (var round = 0; round < 2; round++)
        {
            (await browser.GoOnAsync(await browser.EnterCodeAsync(codes.UserCode))).Dispose();
            (await browser.GoOnAsync(await browser.GetAsync(Browser.Review))).Dispose();
            using var stopped = await browser.GetAsync(Browser.Review);
            Assert.Equal(Stopped, await stopped.TitleAsync());
        }
    }

    [Fact]
    public async Task A_decision_that_must_wait_for_a_new_sign_in_counts_the_rounds_too()
    {
        var policy = new TestPolicy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var review = await browser.ReviewAsync((await host.Device().StartAsync()).UserCode);
        policy.Risk = ApprovalRisk.StepUp; // seen while the page was open
        for (var round = 0; round < 2; round++)
        {
            (await browser.GoOnAsync(await browser.PostDecisionAsync(review, "approve"))).Dispose();
        }

        using var stopped = await browser.PostDecisionAsync(review, "approve");
        Assert.Equal((HttpStatusCode.Forbidden, Stopped), (stopped.StatusCode, await stopped.TitleAsync()));
        using var denied = await browser.PostDecisionAsync(review, "deny"); // no is always possible
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
    }

    [Fact]
    public async Task A_host_with_events_of_its_own_is_told_at_start_and_step_up_refuses_until_it_adds_auth_time()
    {
        await using var host = await HostAsync(
            services: services => services.AddScoped<OwnEvents>().Configure<CookieAuthenticationOptions>("Cookies", options => options.EventsType = typeof(OwnEvents)),
            map: app => MapSignInWith(app));
        var note = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == EventsReplaced);
        Assert.Contains("EventsType OwnEvents", note.Message, StringComparison.Ordinal);
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var browser = await host.SignInAsync("alice");
        await AssertRefusedAsync(host, browser, codes);
        Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == TimeUnknown);

        (await browser.GetAsync($"/sign-in-with?auth_time={host.Clock.GetUtcNow().ToUnixTimeSeconds()}")).EnsureSuccessStatusCode();
        await AssertAcceptedAsync(browser);
    }

    [Theory]
    [InlineData("")]
    [InlineData("soon")]
    [InlineData("-5")]
    [InlineData("99999999999999999999")]
    [InlineData("1795435210000")] // milliseconds
    [InlineData("1795435271")] // more than a minute to come
    public async Task An_auth_time_that_cannot_be_is_unknown_and_refused(string authTime)
    {
        Assert.Equal(1795435210, TestHost.Epoch.AddSeconds(10).ToUnixTimeSeconds());
        await using var host = await HostAsync(map: app => MapSignInWith(app));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var browser = host.Browser();
        (await browser.GetAsync("/sign-in-with?auth_time=" + authTime)).EnsureSuccessStatusCode();
        await AssertRefusedAsync(host, browser, codes);
    }

    // ASP.NET Core Identity.

    [Theory]
    [InlineData(29)]
    [InlineData(31)] // the check of the security stamp renewed the cookie on the way
    public async Task With_Identity_a_session_is_as_old_as_its_sign_in(int minutes)
    {
        await using var host = await IdentityHostAsync();
        var browser = host.Browser();
        (await browser.GetAsync("/identity/sign-in/alice")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(minutes));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await AssertRefusedAsync(host, browser, codes);
        (await browser.GetAsync("/identity/sign-in/alice")).EnsureSuccessStatusCode();
        await AssertAcceptedAsync(browser);
    }

    [Fact]
    public async Task With_Identity_a_sign_in_after_the_device_asked_stays_fresh_when_the_session_is_renewed_or_refreshed()
    {
        await using var host = await IdentityHostAsync();
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var browser = host.Browser();
        (await browser.GetAsync("/identity/sign-in/alice")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        (await browser.GetAsync("/identity/refresh/alice")).EnsureSuccessStatusCode();
        Assert.Contains(Warning, await browser.ReviewAsync(codes.UserCode), StringComparison.Ordinal);
        await AssertAcceptedAsync(browser);
    }

    [Fact]
    public async Task With_Identity_a_refreshed_session_is_no_new_sign_in()
    {
        await using var host = await IdentityHostAsync();
        var browser = host.Browser();
        (await browser.GetAsync("/identity/sign-in/alice")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        (await browser.GetAsync("/identity/refresh/alice")).EnsureSuccessStatusCode();
        await AssertRefusedAsync(host, browser, codes);
    }

    [Fact]
    public async Task With_Identity_a_sign_in_by_a_provider_proves_nothing_without_its_auth_time()
    {
        await using var host = await IdentityHostAsync(services => services.AddAuthentication().AddTestProvider());
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var browser = host.Browser();
        (await browser.GetAsync($"/identity/sign-in/alice/by/{TestProvider.Scheme}")).EnsureSuccessStatusCode();
        await AssertRefusedAsync(host, browser, codes);
        Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == TimeUnknown);
    }

    [Fact]
    public async Task With_Identity_a_sign_in_by_a_provider_stays_one_when_the_session_is_renewed_and_then_refreshed()
    {
        await using var host = await IdentityHostAsync(services => services.AddAuthentication().AddTestProvider());
        var browser = host.Browser();
        (await browser.GetAsync($"/identity/sign-in/alice/by/{TestProvider.Scheme}")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(31));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var renewed = await browser.GetAsync(Browser.Page); // the check of the security stamp: the claim that names the provider is gone
        Assert.Contains(renewed.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith(".AspNetCore.Identity.Application=", StringComparison.Ordinal));
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        (await browser.GetAsync("/identity/refresh/alice")).EnsureSuccessStatusCode();
        await AssertRefusedAsync(host, browser, codes);
    }

    [Theory]
    [InlineData(10, true)]
    [InlineData(-10, false)]
    public async Task With_Identity_a_providers_auth_time_that_the_host_keeps_in_the_session_counts_however_often_that_is_renewed(int seconds, bool accepted)
    {
        await using var host = await IdentityHostAsync();
        var asked = host.Clock.GetUtcNow().AddMinutes(1);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        var browser = host.Browser();
        (await browser.GetAsync($"/identity/sign-in/alice/at/{asked.AddSeconds(seconds).ToUnixTimeSeconds()}")).EnsureSuccessStatusCode();
        (await browser.GetAsync("/identity/refresh/alice")).EnsureSuccessStatusCode();
        using var answer = await browser.ApproveAsync(codes.UserCode);
        Assert.Equal(accepted ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task With_Identity_a_refreshed_bearer_token_is_no_new_sign_in()
    {
        await using var host = await HostKinds.StartAsync(
            "Identity API, bearer", services => services.AddSingleton<IPairingPolicy>(new TestPolicy { Risk = ApprovalRisk.StepUp }));
        await host.SignInAsync("alice");
        var app = host.Device();
        using var signedIn = await app.PostAsJsonAsync("/login", new { email = "alice", password = SignInForm.Password });
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        var codes = await app.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var refreshed = await app.PostAsJsonAsync("/refresh", new { refreshToken = (await signedIn.JsonAsync()).String("refreshToken") });
        using var answer = await host.Device((await refreshed.JsonAsync()).String("accessToken")).ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, "Sign in again before you approve this device."), (answer.StatusCode, await answer.DetailAsync()));
    }

    // OpenID Connect.

    [Fact]
    public async Task A_provider_is_told_to_ask_again_and_to_say_when_it_did()
    {
        await using var host = await ProviderHostAsync();
        var (browser, challenged, _) = await ChallengedAsync(host);
        var asked = TestProvider.Asked(challenged);
        Assert.Equal(("login", "0"), (asked["prompt"], asked["max_age"]));
        using var plain = await host.Browser().GetAsync(Browser.Page);
        Assert.False(TestProvider.Asked(plain).ContainsKey("max_age"));
        browser.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-50)] // its clock is behind: before the device asked, by ours
    [InlineData(50)]
    public async Task A_sign_in_that_answers_our_question_counts_though_the_clocks_differ_by_less_than_a_minute(int seconds)
    {
        await using var host = await ProviderHostAsync();
        var skew = TimeSpan.FromSeconds(seconds);
        var (browser, challenged, _) = await ChallengedAsync(host, skew);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var back = await browser.SignInAtProviderAsync(challenged, host.Clock.GetUtcNow() + skew);
        Assert.Equal(Browser.Review, back.Headers.Location?.OriginalString);
        await AssertAcceptedAsync(browser);
    }

    [Theory]
    [InlineData(-90)]
    [InlineData(90)]
    public async Task Of_a_provider_whose_clock_is_far_off_nothing_counts(int seconds)
    {
        await using var host = await ProviderHostAsync();
        var skew = TimeSpan.FromSeconds(seconds);
        var (browser, challenged, _) = await ChallengedAsync(host, skew);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var back = await browser.SignInAtProviderAsync(challenged, host.Clock.GetUtcNow() + skew);
        using var review = await browser.GetAsync(Browser.Review);
        Assert.Equal("Continue", await review.TitleAsync());
    }

    [Fact]
    public async Task A_provider_that_does_not_ask_again_is_noticed_by_its_old_auth_time_however_recent_that_is()
    {
        await using var host = await ProviderHostAsync();
        var (browser, challenged, before) = await ChallengedAsync(host);
        using var back = await browser.SignInAtProviderAsync(challenged, before); // 20 seconds before we asked
        using var second = await browser.GoOnAsync(await browser.GetAsync(Browser.Review));
        using var backAgain = await browser.SignInAtProviderAsync(second, before);
        using var stopped = await browser.GetAsync(Browser.Review);
        Assert.Equal((HttpStatusCode.Forbidden, Stopped), (stopped.StatusCode, await stopped.TitleAsync()));
        Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == NotNew);
    }

    [Fact]
    public async Task A_provider_that_does_not_say_when_people_signed_in_lets_no_step_up_pass_and_the_log_says_what_is_missing()
    {
        await using var host = await ProviderHostAsync();
        var (browser, challenged, _) = await ChallengedAsync(host);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        using var back = await browser.SignInAtProviderAsync(challenged);
        using var second = await browser.GoOnAsync(await browser.GetAsync(Browser.Review));
        using var backAgain = await browser.SignInAtProviderAsync(second);
        using var stopped = await browser.GetAsync(Browser.Review);
        Assert.Equal((HttpStatusCode.Forbidden, Stopped), (stopped.StatusCode, await stopped.TitleAsync()));
        Assert.Contains("auth_time", Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == TimeUnknown).Message, StringComparison.Ordinal);
    }

    // JWT.

    [Theory]
    [InlineData(null, false)]
    [InlineData(-1, false)]
    [InlineData(10, true)]
    public async Task A_renewed_JWT_is_no_new_sign_in_without_a_newer_auth_time(int? authTime, bool accepted)
    {
        await using var host = await HostAsync(
            services: services => services.AddAuthentication().AddTestBearer(),
            configure: options => options.ApproverScheme = JwtBearerDefaults.AuthenticationScheme);
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        var alice = host.WithJwt(
            TestHost.Epoch.AddSeconds(20), authTime is { } seconds ? [("auth_time", TestHost.Epoch.AddSeconds(seconds).ToUnixTimeSeconds())] : []);
        using var answer = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal(accepted ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.Equal(authTime is null ? 1 : 0, host.Logs.GetSnapshot().Count(entry => entry.Id.Id == TimeUnknown));
    }

    private static Task<TestHost> HostAsync(
        Action<IServiceCollection>? services = null, Action<WebApplication>? map = null, Action<DeviceAuthorizationOptions>? configure = null) => TestHost.StartAsync(
            configure,
            collection =>
            {
                collection.AddSingleton<IPairingPolicy>(new TestPolicy { Risk = ApprovalRisk.StepUp });
                services?.Invoke(collection);
            },
            map);

    private static Task<TestHost> IdentityHostAsync(Action<IServiceCollection>? services = null) => HostAsync(
        collection =>
        {
            TestAccounts.AddTo(collection).AddIdentity<IdentityUser, IdentityRole>();
            services?.Invoke(collection);
        },
        TestAccounts.Map);

    private static Task<TestHost> ProviderHostAsync() => HostAsync(services =>
    {
        services.AddAuthentication().AddTestProvider();
        services.Configure<AuthenticationOptions>(options => options.DefaultChallengeScheme = TestProvider.Scheme);
    });

    /// <summary>Somebody who signed in at the provider 10 seconds before a device asked, and is asked again 10 seconds after; and when they did, by its clock.</summary>
    private static async Task<(HttpClient Browser, HttpResponseMessage Challenged, DateTimeOffset Before)> ChallengedAsync(TestHost host, TimeSpan skew = default)
    {
        var browser = host.Browser();
        var before = host.Clock.GetUtcNow() + skew;
        await browser.SignInAtProviderAsync(skew > SignInAsked.ClockSkew ? null : before);
        host.Clock.Advance(TimeSpan.FromSeconds(10) + (skew > TimeSpan.Zero ? skew : TimeSpan.Zero));
        var codes = await host.Device().StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        return (browser, await browser.GoOnAsync(await browser.EnterCodeAsync(codes.UserCode)), before);
    }

    /// <summary>Signs alice in with claims out of the query.</summary>
    private static void MapSignInWith(WebApplication app) => app.MapGet("/sign-in-with", (Microsoft.AspNetCore.Http.HttpContext context) => context.SignInAsync(
        new ClaimsPrincipal(new ClaimsIdentity(
            [new(ClaimTypes.NameIdentifier, "alice"), .. context.Request.Query.Select(claim => new Claim(claim.Key, claim.Value.ToString()))], "test"))));

    /// <summary>Page and JSON both want a new sign-in, and nothing is approved.</summary>
    private static async Task AssertRefusedAsync(TestHost host, HttpClient browser, StartedCodes codes)
    {
        using var page = await browser.EnterCodeAsync(codes.UserCode);
        Assert.Equal("Continue", await page.TitleAsync());
        using var json = await browser.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, "Sign in again before you approve this device."), (json.StatusCode, await json.DetailAsync()));
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    /// <summary>The code that was entered before can be approved now.</summary>
    private static async Task AssertAcceptedAsync(HttpClient browser)
    {
        var review = await browser.GetStringAsync(Browser.Review);
        Assert.Contains(Warning, review, StringComparison.Ordinal);
        using var decided = await browser.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
    }

    private sealed class OwnEvents : CookieAuthenticationEvents;
}

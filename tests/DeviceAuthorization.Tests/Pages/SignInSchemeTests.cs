using System.Net;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Tests;

/// <summary>Where the pages send people to sign in, and how they sign out, in each kind of host.</summary>
public sealed class SignInSchemeTests
{
    private const int NoSignInPage = 45;
    private const string Login = "https://tv.example.com/login?ReturnUrl=";
    private const string Account = "https://tv.example.com/Account/Login?ReturnUrl=";

    [Theory]
    [InlineData("AddCookie", Login)]
    [InlineData("AddIdentity", Account)]
    [InlineData("AddIdentityCore", Account)]
    [InlineData("Cookies, challenge OpenID Connect", TestProvider.Authorize)]
    [InlineData("Cookies, ForwardChallenge", TestProvider.Authorize)]
    [InlineData("OpenID Connect", TestProvider.Authorize)]
    [InlineData("Cookies, challenge bearer", Login)] // that is for the host's API
    [InlineData("Cookies, challenge policy scheme", TestProvider.Authorize)]
    [InlineData("AddIdentityApiEndpoints, ApproverChallengeScheme", Account)]
    [InlineData("ApproverScheme", Login)]
    [InlineData("ApproverScheme, ApproverChallengeScheme", TestProvider.Authorize)]
    public async Task Who_is_not_signed_in_is_sent_to_the_hosts_sign_in(string kind, string expected)
    {
        await using var host = await StartAsync(kind);
        foreach (var page in new[] { Browser.Page, DevicesBrowser.Devices })
        {
            using var answer = await host.Browser().GetAsync(page);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.StartsWith(expected, answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id == NoSignInPage);
    }

    [Theory]
    [InlineData("AddIdentityApiEndpoints")]
    [InlineData("bearer")]
    public async Task Where_the_host_has_no_sign_in_page_ours_says_so_and_the_log_what_to_set(string kind)
    {
        await using var host = await StartAsync(kind);
        Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == NoSignInPage); // at start
        foreach (var page in new[] { Browser.Page, Browser.Page + "/sign-in?prompt=select_account", DevicesBrowser.Devices })
        {
            using var answer = await host.Browser().GetAsync(page);
            Assert.Equal((HttpStatusCode.Unauthorized, "Please sign in first"), (answer.StatusCode, await answer.TitleAsync()));
            Assert.NotEmpty(answer.Headers.WwwAuthenticate);
        }

        var note = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == NoSignInPage);
        Assert.Equal(LogLevel.Warning, note.Level);
        Assert.Contains("Set DeviceAuthorization:ApproverChallengeScheme", note.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_script_that_is_told_of_the_sign_in_page_by_401_and_Location_is_no_host_without_one()
    {
        await using var host = await StartAsync("AddCookie");
        var script = host.Browser();
        script.DefaultRequestHeaders.Add("X-Requested-With", "XMLHttpRequest");
        using var answer = await script.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.StartsWith(Login, answer.Headers.Location!.OriginalString, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id == NoSignInPage);
    }

    [Fact]
    public async Task Who_signed_in_elsewhere_on_such_a_host_approves_and_can_leave_the_account()
    {
        await using var host = await StartAsync("AddIdentityApiEndpoints");
        var browser = host.Browser();
        (await browser.GetAsync("/identity/sign-in/alice")).EnsureSuccessStatusCode();
        var review = await browser.ReviewAsync((await host.Device().StartAsync()).UserCode);
        using var switched = await SwitchAsync(browser, review);
        Assert.Equal(HttpStatusCode.Unauthorized, switched.StatusCode);
        using var signedOut = await browser.GetAsync(Browser.Page);
        Assert.Equal("Please sign in first", await signedOut.TitleAsync());
    }

    [Fact]
    public async Task Another_account_ends_the_session_here_and_asks_the_provider_which_one()
    {
        await using var host = await StartAsync("OpenID Connect");
        var browser = host.Browser();
        await browser.SignInAtProviderAsync();
        var review = await browser.ReviewAsync((await host.Device().StartAsync()).UserCode);
        Assert.Contains("alice", review, StringComparison.Ordinal);
        using var answer = await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(review)));
        Assert.Null(answer.Headers.Location); // no journey to the provider's own sign-out, half announced
        using var switched = await browser.GoOnAsync(answer);
        Assert.Equal("select_account", TestProvider.Asked(switched)["prompt"]);
        using var signedOut = await browser.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Redirect, signedOut.StatusCode);
        using var back = await browser.SignInAtProviderAsync(switched, user: "bob");
        Assert.Contains("bob", await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cookie_of_another_user_stays_when_the_account_is_left()
    {
        await using var host = await StartAsync("OpenID Connect", map: app => app.MapGet("/staff", () => Results.SignIn(
            new(new System.Security.Claims.ClaimsIdentity([new("sub", "staff")], "test")), authenticationScheme: "Staff")));
        var browser = host.Browser();
        (await browser.GetAsync("/staff")).EnsureSuccessStatusCode();
        await browser.SignInAtProviderAsync();
        using var switched = await SwitchAsync(browser, await browser.GetStringAsync(Browser.Page));
        Assert.Equal("staff", await browser.GetStringAsync("/who-is-staff"));
    }

    private static async Task<HttpResponseMessage> SwitchAsync(HttpClient browser, string page) =>
        await browser.GoOnAsync(await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(page))));

    /// <summary>The hosts of reference/rfc10027.md §4, and some more.</summary>
    private static Task<TestHost> StartAsync(string kind, Action<WebApplication>? map = null) => TestHost.StartAsync(
        options => (options.ApproverScheme, options.ApproverChallengeScheme) = kind switch
        {
            "AddIdentityApiEndpoints, ApproverChallengeScheme" => (null, IdentityConstants.ApplicationScheme),
            "ApproverScheme" => (CookieAuthenticationDefaults.AuthenticationScheme, null),
            "ApproverScheme, ApproverChallengeScheme" => (CookieAuthenticationDefaults.AuthenticationScheme, TestProvider.Scheme),
            _ => ((string?)null, (string?)null),
        },
        services =>
        {
            TestAccounts.AddTo(services);
            var authentication = services.AddAuthentication();
            switch (kind)
            {
                case "AddIdentity":
                    services.AddIdentity<IdentityUser, IdentityRole>();
                    break;
                case "AddIdentityCore":
                    services.AddAuthentication(IdentityConstants.ApplicationScheme).AddIdentityCookies();
                    services.AddIdentityCore<IdentityUser>().AddSignInManager();
                    break;
                case "AddIdentityApiEndpoints" or "AddIdentityApiEndpoints, ApproverChallengeScheme":
                    services.AddIdentityApiEndpoints<IdentityUser>();
                    break;
                case "Cookies, ForwardChallenge":
                    authentication.AddTestProvider();
                    services.Configure<CookieAuthenticationOptions>(CookieAuthenticationDefaults.AuthenticationScheme, options => options.ForwardChallenge = TestProvider.Scheme);
                    break;
                case "OpenID Connect":
                    authentication.AddTestProvider().AddCookie("Staff");
                    services.Configure<AuthenticationOptions>(options => options.DefaultScheme = TestProvider.Scheme);
                    break;
                case "Cookies, challenge OpenID Connect" or "ApproverScheme" or "ApproverScheme, ApproverChallengeScheme":
                    authentication.AddTestProvider();
                    services.Configure<AuthenticationOptions>(options => options.DefaultChallengeScheme = TestProvider.Scheme);
                    break;
                case "Cookies, challenge bearer":
                    authentication.AddTestBearer();
                    services.Configure<AuthenticationOptions>(options => options.DefaultChallengeScheme = JwtBearerDefaults.AuthenticationScheme);
                    break;
                case "Cookies, challenge policy scheme":
                    authentication.AddTestProvider().AddPolicyScheme("Policy", null, options => options.ForwardDefault = TestProvider.Scheme);
                    services.Configure<AuthenticationOptions>(options => options.DefaultChallengeScheme = "Policy");
                    break;
                case "bearer":
                    authentication.AddTestBearer();
                    services.Configure<AuthenticationOptions>(options => options.DefaultScheme = JwtBearerDefaults.AuthenticationScheme);
                    break;
            }
        },
        app =>
        {
            app.MapDevicesPage();
            if (kind.Contains("Identity", StringComparison.Ordinal))
            {
                TestAccounts.Map(app);
            }

            app.MapGet("/who-is-staff", async (HttpContext context) => (await context.AuthenticateAsync("Staff")).Principal?.FindFirst("sub")?.Value);
            map?.Invoke(app);
        });
}

using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The page, from the link to the decision, without JavaScript.</summary>
public sealed class DevicePairingPageTests
{
    [Fact]
    public async Task A_code_is_entered_reviewed_and_approved()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync(scope: "library.read profile");
        var alice = await host.SignInAsync("alice");
        using var review = await alice.EnterCodeAsync(codes.UserCode);
        var html = await review.HtmlAsync();
        foreach (var shown in new[] { "alice", codes.UserCode, "See your library", "See your name", "started this yourself" })
        {
            Assert.Contains(shown, html, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(codes.DeviceCode, html, StringComparison.Ordinal);
        Assert.Equal("authorization_pending", await PollAsync(host, codes)); // entering a code approves nothing (ADV-26)
        using var decided = await alice.PostDecisionAsync(html, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
        Assert.Equal("library.read profile", (await TokenAsync(host, codes)).String("scope"));
    }

    [Fact]
    public async Task A_denied_device_gets_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var decided = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "deny");
        Assert.Equal("Device denied", await decided.TitleAsync());
        Assert.Equal("access_denied", await PollAsync(host, codes));
    }

    [Fact]
    public async Task An_unticked_scope_is_not_granted()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync(scope: "library.read library.write");
        using var decided = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve", untick: "library.write");
        Assert.Equal("Device approved", await decided.TitleAsync());
        Assert.Equal("library.read", (await TokenAsync(host, codes)).String("scope"));
    }

    [Fact]
    public async Task Nothing_ticked_is_no_approval_and_the_code_stays_open()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var decided = await alice.DecideOnPageAsync(codes.UserCode, "approve", untick: "library.read");
        Assert.Equal((HttpStatusCode.BadRequest, "Approve this device?"), (decided.StatusCode, await decided.TitleAsync()));
        Assert.Contains("Choose at least one thing", await decided.HtmlAsync(), StringComparison.Ordinal);
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
    }

    [Theory]
    [InlineData("library.write")]
    [InlineData("Library.Read")]
    [InlineData("library.read library.write")]
    public async Task A_scope_that_was_not_asked_for_cannot_be_smuggled_in(string scope)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        using var decided = await alice.PostPageAsync(
            Browser.Review,
            ("__RequestVerificationToken", Browser.Antiforgery(review)), ("ticket", Browser.Ticket(review)), ("scope0", "library.read"), ("scope1", scope), ("decision", "approve"));
        Assert.Equal(HttpStatusCode.BadRequest, decided.StatusCode);
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
    }

    [Fact]
    public async Task The_devices_link_fills_the_code_in_and_asks_to_compare_it()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var html = await (await host.SignInAsync("alice")).OpenLinkAsync(codes.Body.String("verification_uri_complete"));
        Assert.Contains($"value=\"{codes.UserCode}\"", html, StringComparison.Ordinal);
        Assert.Contains("Does your device show exactly this code?", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Approve", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("?user_code=BBBB-BBBB&user_code=CCCC-CCCC")]
    [InlineData("?user_code=%22%3E%3Cscript%3E")]
    [InlineData("?user_code=BBBB")]
    [InlineData("?user_code=")]
    [InlineData("?returnUrl=//evil.example")]
    [InlineData("?returnUrl=https://evil.example")]
    [InlineData("?returnUrl=%2F%5Cevil.example")]
    [InlineData("?returnUrl=javascript:1&ReturnUrl=%2F%09%2Fevil.example")]
    public async Task A_link_that_brings_no_code_shows_an_empty_form(string query)
    {
        await using var host = await TestHost.StartAsync();
        var html = await (await host.SignInAsync("alice")).GetStringAsync(Browser.Page + query);
        Assert.Contains("Enter the code that your device shows.", html, StringComparison.Ordinal);
        Assert.Contains("name=\"user_code\" value=\"\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Opening_links_changes_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var link = await alice.GetAsync($"{Browser.Page}?user_code={codes.UserCode}");
        using var decision = await alice.GetAsync($"{Browser.Review}?user_code={codes.UserCode}&decision=approve&scope0=library.read");
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Page), (decision.StatusCode, decision.Headers.Location?.OriginalString));
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
        using var byBob = await (await host.SignInAsync("bob")).EnterCodeAsync(codes.UserCode); // not even claimed
        Assert.Equal("Approve this device?", await byBob.TitleAsync());
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "?user_code=%0d%0aX:1&returnUrl=//evil.example")]
    [InlineData("GET", "/review")]
    [InlineData("POST", "")]
    [InlineData("POST", "/review")]
    [InlineData("POST", "/switch")]
    public async Task Who_is_not_signed_in_signs_in_and_comes_back_to_the_page(string method, string path)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var device = host.Device();
        using var answer = method == "GET"
            ? await device.GetAsync(Browser.Page + path)
            : await device.GoOnAsync(await device.PostOnlyAsync(Browser.Page + path, ("user_code", codes.UserCode), ("decision", "approve"), ("scope0", "library.read")));
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal($"https://tv.example.com/login?ReturnUrl={Uri.EscapeDataString(Browser.Page)}", answer.Headers.Location?.OriginalString);
        Assert.Equal("authorization_pending", await PollAsync(host, codes));
    }

    [Fact]
    public async Task A_code_that_a_link_brought_is_in_no_address_and_survives_the_sign_in()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = host.Browser();
        using var link = await browser.GetAsync($"{Browser.Page}?user_code={codes.UserCode}");
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Page), (link.StatusCode, link.Headers.Location?.OriginalString));
        var cookie = Assert.Single(link.Headers.GetValues("Set-Cookie"));
        Assert.DoesNotContain(codes.UserCode, cookie, StringComparison.Ordinal);
        Assert.EndsWith("; path=/pair/device; secure; samesite=lax; httponly", cookie, StringComparison.Ordinal);
        (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        Assert.Contains($"value=\"{codes.UserCode}\"", await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unknown_malformed_expired_and_foreign_codes_get_one_and_the_same_page()
    {
        await using var host = await TestHost.StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var expired = (await host.Device().StartAsync()).UserCode;
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        var (denied, claimed) = ((await host.Device().StartAsync()).UserCode, (await host.Device().StartAsync()).UserCode);
        var (approved, redeemed) = ((await host.Device().StartAsync()).UserCode, await host.Device().StartAsync());
        (await alice.DenyAsync(denied)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(approved)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(redeemed.UserCode)).EnsureSuccessStatusCode();
        await TokenAsync(host, redeemed);
        (await alice.EnterCodeAsync(claimed)).EnsureSuccessStatusCode();

        var unknown = await PageAsync("BBBB-BBBB");
        Assert.Contains("This code is not known here.", unknown, StringComparison.Ordinal);
        foreach (var code in new[] { "", "----", "BBB-BBBB", "BBBB-BBBBB", "<script>alert(1)</script>", "{{7*7}}", "' OR 1=1 --", new string('B', 4000), expired, denied, claimed, approved, redeemed.UserCode })
        {
            Assert.Equal(unknown, await PageAsync(code));
        }

        async Task<string> PageAsync(string code)
        {
            using var answer = await bob.EnterCodeAsync(code);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            var html = await answer.HtmlAsync();
            return html.Replace(Browser.Antiforgery(html), "", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_code_that_is_sent_twice_leads_to_the_same_review() // ADV-23
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var form = await alice.GetStringAsync(Browser.Page);
        var sent = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
            alice.PostPageAsync(Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(form)), ("user_code", codes.UserCode)))));
        foreach (var answer in sent)
        {
            Assert.Equal((HttpStatusCode.OK, "Approve this device?"), (answer.StatusCode, await answer.TitleAsync()));
        }

        using var decided = await alice.PostDecisionAsync(await sent[0].HtmlAsync(), "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
    }

    [Theory]
    [InlineData("approve", "Device approved")]
    [InlineData("deny", "Device denied")]
    public async Task A_second_decision_tells_the_real_outcome(string first, string title)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await (await alice.EnterCodeAsync(codes.UserCode)).HtmlAsync();
        using var decided = await alice.PostDecisionAsync(review, first);
        foreach (var again in new[] { "approve", "deny" })
        {
            using var answer = await alice.PostDecisionAsync(review, again);
            Assert.Equal(title, await answer.TitleAsync());
        }

        using var reentered = await alice.EnterCodeAsync(codes.UserCode);
        Assert.Equal(title, await reentered.TitleAsync());
        Assert.Equal(first == "approve" ? null : "access_denied", await PollAsync(host, codes));
    }

    [Fact]
    public async Task After_the_device_fetched_its_token_the_page_says_connected()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.DecideOnPageAsync(codes.UserCode, "approve")).Dispose();
        await TokenAsync(host, codes);
        using var reentered = await alice.EnterCodeAsync(codes.UserCode);
        Assert.Equal("Device connected", await reentered.TitleAsync());
    }

    [Theory]
    [InlineData(-1, "Device approved")]
    [InlineData(0, "Connect a device")]
    public async Task A_decision_counts_until_the_code_expires(int milliseconds, string title)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await (await alice.EnterCodeAsync(codes.UserCode)).HtmlAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromMilliseconds(milliseconds));
        using var decided = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal(title, await decided.TitleAsync());
    }

    [Fact]
    public async Task What_the_account_lacks_is_shown_as_not_available_and_is_not_granted()
    {
        var policy = new TestPolicy { Lacking = { ("bob", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartAsync(scope: "library.read library.write");
        var bob = await host.SignInAsync("bob");
        var review = await (await bob.EnterCodeAsync(codes.UserCode)).HtmlAsync();
        Assert.Contains("<input type=\"checkbox\" disabled> <span>Change your library <span class=\"tag\">changes things</span> <small>your account cannot do this</small></span>", review, StringComparison.Ordinal);
        using var decided = await bob.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
        Assert.Equal("library.read", (await TokenAsync(host, codes)).String("scope"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_known_device_is_named_and_replaced_unless_the_approver_wants_a_new_one(bool asNew)
    {
        await using var host = await TestHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var first = await alice.ApproveAsync((await host.Device().StartJsonAsync(name: "Kitchen")).UserCode);
        var codes = await host.Device().StartJsonAsync(name: "Stranger");
        var review = await (await alice.EnterCodeAsync(codes.UserCode)).HtmlAsync();
        Assert.Contains("It says that it is your device <strong><bdi>Kitchen</bdi></strong>. Approving takes the access of that one away.", review, StringComparison.Ordinal);
        review = asNew ? review.Replace("name=\"as_new_device\" value=\"yes\"", "name=\"as_new_device\" value=\"yes\" checked", StringComparison.Ordinal) : review;

        using var decided = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
        using var paired = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(!asNew, (await paired.JsonAsync()).String("device_id") == (await first.JsonAsync()).String("device_id"));
    }

    [Fact]
    public async Task After_an_approval_the_page_looks_again_until_the_device_is_connected()
    {
        await using var host = await TestHost.StartAsync();
        var (codes, alice) = (await host.Device().StartAsync(), await host.SignInAsync("alice"));
        using var approved = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        var again = await AgainAsync(approved);
        Assert.Equal("Device approved", await approved.TitleAsync());
        for (var looks = 1; looks < 10; looks++) // then it stops: each look disturbs somebody who listens to the page
        {
            using var next = await alice.GetAsync(again);
            Assert.Equal("Device approved", await next.TitleAsync());
            again = await AgainAsync(next);
            Assert.EndsWith($"&look={looks + 1}", again, StringComparison.Ordinal);
        }

        using var last = await alice.GetAsync(again);
        Assert.Equal(("Device approved", null), (await last.TitleAsync(), await AgainAsync(last)));

        (await host.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        using var connected = await alice.GetAsync(again);
        Assert.Equal(("Device connected", null), (await connected.TitleAsync(), await AgainAsync(connected)));
    }

    [Fact]
    public async Task It_stays_as_it_is_when_the_person_went_on_to_something_else()
    {
        await using var host = await TestHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var approved = await alice.DecideOnPageAsync((await host.Device().StartAsync()).UserCode, "approve");
        var again = await AgainAsync(approved);
        Assert.Equal(HttpStatusCode.NoContent, (await (await host.SignInAsync("bob")).GetAsync(again)).StatusCode);
        Assert.Equal(HttpStatusCode.NoContent, (await host.Device().GetAsync(again)).StatusCode); // signed out: no sign-in that nobody asked for

        await alice.OpenLinkAsync($"{Browser.Page}?user_code={(await host.Device().StartAsync()).UserCode}"); // perhaps another site did it
        using var answer = await alice.GetAsync(again);
        Assert.Equal((HttpStatusCode.NoContent, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
    }

    [Fact]
    public async Task It_stops_looking_and_says_so_when_the_device_can_no_longer_fetch_its_token()
    {
        await using var host = await TestHost.StartAsync();
        var (codes, alice) = (await host.Device().StartAsync(), await host.SignInAsync("alice"));
        (await alice.DecideOnPageAsync(codes.UserCode, "approve")).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var late = await alice.GetAsync(Browser.Page + "/review");
        Assert.Equal(("The device did not connect", null), (await late.TitleAsync(), await AgainAsync(late)));
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("expired_token", await poll.ErrorAsync());
    }

    /// <summary>Where the page looks next; null if it does not.</summary>
    private static async Task<string?> AgainAsync(HttpResponseMessage answer) =>
        Regex.Match(await answer.HtmlAsync(), "<noscript><meta http-equiv=\"refresh\" content=\"3; url=([^\"]+)\"></noscript><span data-again=\"\\1\">") is { Success: true } found
            ? WebUtility.HtmlDecode(found.Groups[1].Value)
            : null;

    [Fact]
    public async Task A_path_base_goes_into_forms_and_into_the_way_back_from_the_sign_in()
    {
        await using var host = await TestHost.StartAsync(pathBase: "/app");
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var review = await alice.EnterCodeAsync(codes.UserCode, "/app/pair/device");
        var html = await review.HtmlAsync();
        Assert.Contains("action=\"/app/pair/device/review\"", html, StringComparison.Ordinal);
        using var decided = await alice.PostDecisionAsync(html, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
        using var anonymous = await host.Device().GetAsync("/app/pair/device");
        Assert.EndsWith("/app/login?ReturnUrl=%2Fapp%2Fpair%2Fdevice", anonymous.Headers.Location?.OriginalString, StringComparison.Ordinal);
    }

    private static async Task<string?> PollAsync(TestHost host, StartedCodes codes)
    {
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        return await poll.ErrorAsync();
    }

    private static async Task<JsonElement> TokenAsync(TestHost host, StartedCodes codes)
    {
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
        return await poll.JsonAsync();
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>The page against forged requests, hostile texts and other windows.</summary>
public sealed class PageSafetyTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("forged")]
    [InlineData("bob's")]
    public async Task Without_a_token_of_ones_own_nothing_is_entered_and_nothing_decided(string? token)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        await alice.GetStringAsync(Browser.Page); // her antiforgery cookie is there
        if (token == "bob's")
        {
            token = Browser.Antiforgery(await (await host.SignInAsync("bob")).GetStringAsync(Browser.Page));
        }

        (string, string)[] own = token is null ? [] : [("__RequestVerificationToken", token)];
        using var entered = await alice.PostPageAsync(Browser.Page, [.. own, ("user_code", codes.UserCode)]);
        using var decided = await alice.PostPageAsync(
            $"{Browser.Page}/decision", [.. own, ("user_code", codes.UserCode), ("scope0", "library.read"), ("decision", "approve")]);
        foreach (var answer in new[] { entered, decided })
        {
            Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
        }

        await AssertUntouchedAsync(host, codes);
    }

    [Fact]
    public async Task A_form_left_open_by_someone_else_does_not_decide_for_who_signed_in_after()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        var review = await (await browser.EnterCodeAsync(codes.UserCode)).HtmlAsync();
        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        using var decided = await browser.PostDecisionAsync(review, "approve");
        Assert.Equal(HttpStatusCode.BadRequest, decided.StatusCode);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site", false)]
    [InlineData("Sec-Fetch-Site", "same-site", false)]
    [InlineData("Sec-Fetch-Site", "same-origin", true)]
    [InlineData("Origin", "https://evil.example", false)]
    [InlineData("Origin", "https://tv.example.com", true)]
    public async Task A_form_must_come_from_this_origin(string header, string value, bool accepted)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add(header, value);
        using var entered = await alice.EnterCodeAsync(codes.UserCode);
        Assert.Equal(accepted ? "Approve this device?" : "Please start again", await entered.TitleAsync());
    }

    [Fact]
    public async Task The_referrer_policy_lets_browsers_name_the_origin_of_our_own_forms()
    {
        // With no-referrer they would send "Origin: null", which over plain HTTP is all they say.
        await using var host = await TestHost.StartAsync();
        using var page = await (await host.SignInAsync("alice")).GetAsync(Browser.Page);
        Assert.Equal("no-referrer", string.Join(',', page.Headers.GetValues("Referrer-Policy")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("decision=")]
    [InlineData("decision=APPROVE")]
    [InlineData("decision=yes")]
    [InlineData("decision=approve&decision=approve")]
    [InlineData("decision=approve&decision=deny")]
    [InlineData("Decision=approve")]
    [InlineData("decision=approve&scope0=library.read")] // a scope twice
    [InlineData("decision=approve&user_code=BBBB-BBBB")] // a code twice
    [InlineData("decision=approve&x=%ff")]
    public async Task Anything_but_one_decision_is_400_and_changes_nothing(string decision)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var token = Browser.Antiforgery(await (await alice.EnterCodeAsync(codes.UserCode)).HtmlAsync());
        using var content = new StringContent(
            $"__RequestVerificationToken={token}&user_code={codes.UserCode}&scope0=library.read&{decision}",
            new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        using var answer = await alice.PostAsync($"{Browser.Page}/decision", content);
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
    }

    [Theory]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json")]
    [InlineData("application/x-www-form-urlencoded; charset=utf-16")]
    public async Task Other_content_types_are_400(string contentType)
    {
        await using var host = await TestHost.StartAsync();
        using var content = new ByteArrayContent("user_code=BBBB-BBBB"u8.ToArray());
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);
        using var answer = await (await host.SignInAsync("alice")).PostAsync(Browser.Page, content);
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
    }

    [Theory]
    [InlineData("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    [InlineData("\"><img src=x onerror=1>", "&quot;&gt;&lt;img src=x onerror=1&gt;")]
    [InlineData("{0} {1} {{2}}", "{0} {1} {{2}}")]
    [InlineData("Li\u202Eving\u2066 ro\u200Bom", "Living room")]
    [InlineData("  Living \u00A0 room ", "Living room")]
    public async Task A_hostile_device_name_is_only_text(string name, string shown)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(name: name);
        using var review = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        Assert.Contains($"<dt>Device</dt><dd><bdi>{shown}</bdi>", await review.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tower_of_accents_is_cut_down()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(name: "A" + new string('\u0301', 200) + "B");
        using var review = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        Assert.Contains("<bdi>A\u0301\u0301B</bdi>", WebUtility.HtmlDecode(await review.HtmlAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hostile_account_name_is_only_text()
    {
        await using var host = await TestHost.StartAsync();
        var html = await (await host.SignInAsync("%3Cb%3Ebold")).GetStringAsync(Browser.Page);
        Assert.Contains("<strong><bdi>&lt;b&gt;bold</bdi></strong>", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_page_whatever_its_status_forbids_caching_framing_and_scripts()
    {
        var policy = new TestPolicy();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        await using var down = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.EnterCodeAsync(codes.UserCode);
        policy.Locked.Add("alice");
        var answers = new[]
        {
            await alice.GetAsync(Browser.Page),
            review,
            await alice.PostPageAsync(Browser.Page),
            await alice.PostDecisionAsync(await review.HtmlAsync(), "approve"),
            await (await down.SignInAsync("alice")).EnterCodeAsync("BBBB-BBBB"),
        };
        Assert.Equal([200, 200, 400, 403, 503], answers.Select(answer => (int)answer.StatusCode).ToArray());
        foreach (var answer in answers)
        {
            var csp = string.Join(',', answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Matches("^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$", csp);
            Assert.Equal("DENY", string.Join(',', answer.Headers.GetValues("X-Frame-Options")));
            Assert.Equal("nosniff", string.Join(',', answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("same-origin", string.Join(',', answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
            Assert.DoesNotContain("<script", await answer.HtmlAsync(), StringComparison.OrdinalIgnoreCase);
        }

        Assert.NotNull(answers[^1].Headers.RetryAfter);
        Assert.DoesNotContain(BrokenPairingStore.Secret, await answers[^1].HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_style_on_the_page_is_the_one_the_policy_allows()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).GetAsync(Browser.Page);
        var html = await answer.HtmlAsync();
        var style = html[(html.IndexOf("<style>", StringComparison.Ordinal) + 7)..html.IndexOf("</style>", StringComparison.Ordinal)];
        var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(style)));
        Assert.Contains($"'sha256-{hash}'", string.Join(',', answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_link_can_put_the_focus_on_Approve_and_Enter_denies()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var review = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        var html = await review.HtmlAsync();
        Assert.DoesNotMatch(@"\sid\s*=", html); // CVE-2024-7404
        Assert.DoesNotContain("autofocus", html, StringComparison.Ordinal);
        var buttons = Regex.Matches(html, "<button[^>]*value=\"([a-z]+)\"").Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(["deny", "approve"], buttons); // a form's first button is what Enter presses (CVE-2025-0549)
    }

    private static async Task AssertUntouchedAsync(TestHost host, Codes codes)
    {
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
        using var byCarol = await (await host.SignInAsync("carol")).EnterCodeAsync(codes.UserCode);
        Assert.Equal("Approve this device?", await byCarol.TitleAsync());
    }
}

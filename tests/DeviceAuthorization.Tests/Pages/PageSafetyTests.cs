using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Http;
using DeviceAuthorization.Pages;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;

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
            Browser.Review, [.. own, ("ticket", Ticket(host, codes, "alice")), ("scope0", "library.read"), ("decision", "approve")]);
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
    [InlineData("decision=approve&ticket=CfDJ8")] // a ticket twice
    [InlineData("decision=approve&expires_in=1d")] // no choice of the host's
    [InlineData("decision=approve&x=%ff")]
    public async Task Anything_but_one_decision_is_400_and_changes_nothing(string decision)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        using var content = new StringContent(
            $"__RequestVerificationToken={Browser.Antiforgery(review)}&ticket={Browser.Ticket(review)}&scope0=library.read&{decision}",
            new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        using var answer = await alice.PostAsync(Browser.Review, content);
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
    }

    [Theory]
    [InlineData("user_code=BBBB%00BBBB")]
    [InlineData("user_code=BBBB-BBBB&user_code=BBBB-BBBB")]
    [InlineData(null)]
    public async Task What_cannot_be_a_form_of_this_page_is_refused_and_not_echoed(string? body)
    {
        await using var host = await TestHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var content = new StringContent(body ?? $"user_code={new string('B', 1 << 20)}", new MediaTypeHeaderValue("application/x-www-form-urlencoded"));
        using var answer = await alice.PostAsync(Browser.Page, content);
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
        Assert.DoesNotContain("BBBB", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
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
        Assert.Contains($"<small>Device</small> <strong><bdi>{shown}</bdi></strong> <small>reported by the device, unverified</small>", await review.HtmlAsync(), StringComparison.Ordinal);
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
    public async Task Every_page_whatever_its_status_forbids_caching_framing_and_foreign_scripts()
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
            Assert.Matches("^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$", csp);
            Assert.Equal("DENY", string.Join(',', answer.Headers.GetValues("X-Frame-Options")));
            Assert.Equal("nosniff", string.Join(',', answer.Headers.GetValues("X-Content-Type-Options")));
            Assert.Equal("same-origin", string.Join(',', answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        }

        Assert.NotNull(answers[^1].Headers.RetryAfter);
        Assert.DoesNotContain(BrokenPairingStore.Secret, await answers[^1].HtmlAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Production", true, true)]
    [InlineData("Production", false, false)]
    [InlineData("Development", true, false)]
    public async Task Over_plain_HTTP_a_page_says_so_and_does_nothing(string environment, bool requireHttps, bool refused)
    {
        await using var host = await TestHost.StartAsync(
            options => options.RequireHttps = requireHttps, environment: environment, map: app => Microsoft.AspNetCore.Builder.DeviceAuthorizationEndpointRouteBuilderExtensions.MapDevicesPage(app));
        var codes = await host.Device().StartAsync();
        var alice = host.Browser();
        (await alice.GetAsync("http://tv.example.com/test/sign-in/alice")).EnsureSuccessStatusCode();
        var form = await alice.GetStringAsync($"http{(refused ? "s" : "")}://tv.example.com{DevicesBrowser.Devices}");
        foreach (var answer in new[]
        {
            await alice.GetAsync($"http://tv.example.com{Browser.Page}?user_code={codes.UserCode}"),
            await alice.GetAsync($"http://tv.example.com{Browser.Review}"),
            await alice.GetAsync($"http://tv.example.com{DevicesBrowser.Devices}"),
            await alice.PostOnlyAsync($"http://tv.example.com{Browser.Page}/language", ("language", "de")),
            await alice.PostOnlyAsync(
                $"http://tv.example.com{DevicesBrowser.Devices}/token", [.. DevicesBrowser.Fields(form, "token").Where(field => field.Name != "name"), ("name", "x"), ("scope0", "library.read")]),
        })
        {
            Assert.Equal(refused, answer.StatusCode == HttpStatusCode.BadRequest && await answer.TitleAsync() == "Secure connection needed");
            if (refused)
            {
                Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
                Assert.False(answer.Headers.Contains("Set-Cookie"));
                Assert.Null(answer.Headers.Location);
            }
        }

        var tokens = await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", CancellationToken.None);
        Assert.Equal(refused, tokens.Count == 0);
    }

    [Fact]
    public async Task A_layout_of_the_host_that_fails_is_answered_without_a_page()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPageLayout>(_ => throw new InvalidOperationException("the host's secret")));
        using var answer = await (await host.SignInAsync("alice")).GetAsync(Browser.Page);
        Assert.Equal((HttpStatusCode.InternalServerError, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
        Assert.Null(answer.Headers.RetryAfter);
        Assert.DoesNotContain("secret", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_layout_of_the_host_that_fails_while_it_answers_a_malformed_request_is_answered_without_a_page()
    {
        await using var host = await TestHost.StartAsync(services: services => services
            .AddSingleton<IPageLayout>(new FailingLayout())
            .AddSingleton<IStartupFilter>(new BeforeRouting(app => app.Use(next => context =>
            {
                context.Request.Body = new MalformedBody();
                return next(context);
            }))));
        using var answer = await (await host.SignInAsync("alice")).PostAsync(Browser.Page, new FormUrlEncodedContent([new("user_code", "BCDF-GHJK")]));
        Assert.Equal((HttpStatusCode.InternalServerError, "no-store"), (answer.StatusCode, answer.Headers.CacheControl?.ToString()));
    }

    [Theory]
    [InlineData(Browser.Page)]
    [InlineData(DevicesBrowser.Devices + "/rename")]
    public async Task A_malformed_request_is_answered_with_a_page(string address)
    {
        await using var host = await TestHost.StartAsync(map: EveryEndpoint.Map, services: services => services
            .AddSingleton<IStartupFilter>(new BeforeRouting(app => app.Use(next => context =>
            {
                context.Request.Body = new MalformedBody();
                return next(context);
            }))));
        using var answer = await (await host.SignInAsync("alice")).PostAsync(address, new FormUrlEncodedContent([new("user_code", "BCDF-GHJK")]));
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
    }

    private sealed class FailingLayout : IPageLayout
    {
        public Microsoft.AspNetCore.Html.IHtmlContent Render(PageContent page) => throw new InvalidOperationException("the host's secret");
    }

    private sealed class MalformedBody : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            throw new Microsoft.AspNetCore.Http.BadHttpRequestException("malformed");
    }

    [Fact]
    public async Task Style_and_script_on_the_page_are_the_ones_the_policy_allows()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).GetAsync(Browser.Page);
        var html = await answer.HtmlAsync();
        foreach (var element in new[] { "style", "script" })
        {
            var text = html[(html.IndexOf($"<{element}>", StringComparison.Ordinal) + element.Length + 2)..html.IndexOf($"</{element}>", StringComparison.Ordinal)];
            var hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
            Assert.Contains($"{element}-src 'sha256-{hash}'", string.Join(',', answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task No_link_can_put_the_focus_on_Approve_and_Enter_decides_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.ReviewAsync(codes.UserCode);
        Assert.DoesNotMatch(@"\sid\s*=", html); // CVE-2024-7404
        Assert.DoesNotContain("autofocus", html, StringComparison.Ordinal);
        var buttons = Regex.Matches(html, "<button[^>]*value=\"([a-z]+)\"").Select(match => match.Groups[1].Value).ToArray();
        Assert.Equal(["none", "deny", "approve"], buttons); // a form's first button is what Enter presses (CVE-2025-0549)
        using var entered = await alice.PostDecisionAsync(html, "none", "library.read");
        var again = await entered.HtmlAsync();
        Assert.Equal((HttpStatusCode.OK, "Approve this device?"), (entered.StatusCode, await entered.TitleAsync()));
        Assert.DoesNotContain("value=\"library.read\" checked", again, StringComparison.Ordinal); // what was unticked stays so
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Theory]
    [InlineData("bob's")]
    [InlineData("a link's")]
    [InlineData("another host's")]
    [InlineData("old")]
    [InlineData("forged")]
    [InlineData("")]
    public async Task Without_ones_own_ticket_nothing_is_decided(string kind)
    {
        await using var host = await TestHost.StartAsync();
        await using var other = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var ticket = kind switch
        {
            "bob's" => Ticket(host, codes, "bob"),
            "a link's" => Ticket(host, codes, null),
            "another host's" => Ticket(other, codes, "alice"),
            "old" => Ticket(host, codes, "alice"),
            var text => text,
        };
        host.Clock.Advance(kind == "old" ? TimeSpan.FromMinutes(40) : TimeSpan.Zero);
        codes = kind == "old" ? await host.Device().StartAsync() : codes;
        alice = await host.SignInAsync("alice");
        var token = Browser.Antiforgery(await alice.GetStringAsync(Browser.Page));
        using var decided = await alice.PostOnlyAsync(
            Browser.Review, ("__RequestVerificationToken", token), ("ticket", ticket), ("scope0", "library.read"), ("decision", "approve"));
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (decided.StatusCode, await decided.TitleAsync()));
        await AssertUntouchedAsync(host, codes);
    }

    [Fact]
    public async Task The_review_of_one_user_shows_another_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        await browser.ReviewAsync(codes.UserCode);
        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        using var review = await browser.GetAsync(Browser.Review);
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Page), (review.StatusCode, review.Headers.Location?.OriginalString));
        Assert.DoesNotContain(codes.UserCode, await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_form_of_another_node_decides_where_the_keys_are_shared_and_starts_again_where_they_are_not(bool shared) // T-37
    {
        IDataProtectionProvider keys = new EphemeralDataProtectionProvider();
        await using var one = await TestHost.StartAsync(services: services => services.AddSingleton(keys));
        await using var two = await TestHost.StartAsync(services: services => services
            .AddSingleton(shared ? keys : new EphemeralDataProtectionProvider())
            .AddSingleton(one.Services.GetRequiredService<IPairingStore>())
            .AddSingleton(one.Services.GetRequiredService<IDeviceRepository>()));
        var cookies = new CookieContainer(); // one browser, whose requests go now to the one and now to the other
        var (atOne, atTwo) = (one.Device(new CookieContainerHandler(cookies)), two.Device(new CookieContainerHandler(cookies)));
        var codes = await one.Device().StartAsync();
        (await atOne.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        var review = await atOne.ReviewAsync(codes.UserCode);
        if (!shared)
        {
            (await atTwo.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode(); // it cannot read the other's session either
        }

        using var decided = await atTwo.PostDecisionAsync(review, "approve");
        Assert.Equal(
            shared ? (HttpStatusCode.OK, "Device approved") : (HttpStatusCode.BadRequest, "Please start again"), (decided.StatusCode, await decided.TitleAsync()));
        Assert.Equal(shared ? null : "authorization_pending", await (await one.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    public async Task Two_tabs_decide_two_pairings_each_its_own()
    {
        await using var host = await TestHost.StartAsync();
        var (first, second) = (await host.Device().StartAsync(), await host.Device().StartAsync());
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(first.UserCode);
        await alice.ReviewAsync(second.UserCode);
        (await alice.PostDecisionAsync(review, "deny")).Dispose();
        Assert.Equal("access_denied", await (await host.Device().PollAsync(first.DeviceCode)).ErrorAsync());
        Assert.Equal("authorization_pending", await (await host.Device().PollAsync(second.DeviceCode)).ErrorAsync());
    }

    [Fact]
    public async Task Back_and_reload_after_a_decision_show_the_result_and_do_nothing_more()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        using var decided = await alice.PostOnlyAsync(
            Browser.Review,
            ("__RequestVerificationToken", Browser.Antiforgery(review)), ("ticket", Browser.Ticket(review)), ("scope0", "library.read"), ("decision", "approve"));
        Assert.Equal((HttpStatusCode.SeeOther, Browser.Review), (decided.StatusCode, decided.Headers.Location?.OriginalString));
        for (var reload = 0; reload < 2; reload++)
        {
            using var page = await alice.GetAsync(Browser.Review);
            Assert.Equal("Device approved", await page.TitleAsync());
            Assert.DoesNotContain("name=\"decision\"", await page.HtmlAsync(), StringComparison.Ordinal);
        }
    }

    private static string Ticket(TestHost host, StartedCodes codes, string? user) => host.Services.GetRequiredService<PairingTickets>().Write(new PairingTicket(codes.UserCode, user, IsOfLink: false));

    private static async Task AssertUntouchedAsync(TestHost host, StartedCodes codes)
    {
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
        using var byCarol = await (await host.SignInAsync("carol")).EnterCodeAsync(codes.UserCode);
        Assert.Equal("Approve this device?", await byCarol.TitleAsync());
    }
}

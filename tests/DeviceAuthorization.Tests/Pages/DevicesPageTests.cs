using System.Net;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The page of devices and tokens, without JavaScript: what it shows, and what its forms do.</summary>
public sealed partial class DevicesPageTests
{
    [Fact]
    public async Task Devices_are_listed_with_what_they_are_and_what_they_may_do()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        var html = await ShowAsync(await host.SignInAsync("alice"));
        foreach (var shown in new[]
        {
            "<h2><bdi>Living room TV</bdi></h2>",
            "<bdi>grout 1.2.3</bdi>",
            "<bdi>muOS</bdi>",
            "<dt>Last seen</dt><dd><time datetime=\"2026-11-23T12:00:00Z\" title=\"Monday, November 23, 2026 12:00&#x202F;PM UTC\" data-ago>just now</time></dd>",
            "<dt>Connected since</dt><dd><time datetime=\"2026-11-23T12:00:00Z\" title=\"Monday, November 23, 2026 12:00&#x202F;PM UTC\">Monday, November 23, 2026</time></dd>",
            "<li>See your library</li>",
            "<li>Change your library <span class=\"tag\">changes things</span></li>",
            "Access ends on <time datetime=\"2027-02-21T12:00:00Z\" title=\"Sunday, February 21, 2027 12:00&#x202F;PM UTC\">Sunday, February 21, 2027</time>.",
        })
        {
            Assert.Contains(shown, html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_renamed_device_is_confirmed_once_and_not_by_its_address()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        var fields = DevicesBrowser.Fields(await ShowAsync(alice), "rename");
        using var answer = await alice.PostOnlyAsync($"{DevicesBrowser.Devices}/rename", [.. fields.Where(field => field.Name != "name"), ("name", "Kitchen <TV>")]);
        Assert.Equal((HttpStatusCode.SeeOther, DevicesBrowser.Devices), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.EndsWith("; max-age=60; path=/pair/devices; secure; samesite=lax; httponly", cookie, StringComparison.Ordinal);

        var html = await ShowAsync(alice);
        Assert.Contains("role=\"status\">The name is saved.</p>", html, StringComparison.Ordinal);
        Assert.Contains("<h2><bdi>Kitchen &lt;TV&gt;</bdi></h2>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("The name is saved.", await ShowAsync(alice), StringComparison.Ordinal); // reload
    }

    [Theory]
    [InlineData("")]
    [InlineData(" \u200B ")]
    [InlineData("two\nlines")]
    [InlineData("{256}")]
    public async Task A_name_that_cannot_be_shown_is_refused(string name)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        using var answer = await alice.SendFormAsync("rename", name: name.Replace("{256}", new string('a', 256), StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("role=\"alert\">Nothing was changed. A name has 1 to 255 characters", await answer.HtmlAsync(), StringComparison.Ordinal);
        Assert.Contains("<h2><bdi>Living room TV</bdi></h2>", await ShowAsync(alice), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unticked_scope_is_lost_at_once_and_the_device_goes_on_with_the_rest()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var device = host.WithToken((await host.PairNamedAsync()).Token);
        Assert.Equal(HttpStatusCode.OK, (await device.GetAsync("/api/admin")).StatusCode);
        using var answer = await (await host.SignInAsync("alice")).SendFormAsync("narrow", untick: ["library.write"]);
        var html = await answer.HtmlAsync();
        Assert.Contains("Saved. It can do less from now on.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/pair/devices/narrow", html, StringComparison.Ordinal); // one is left: no less is possible
        Assert.Equal(HttpStatusCode.Forbidden, (await device.GetAsync("/api/admin")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await device.GetAsync("/api/library")).StatusCode);
    }

    [Theory]
    [InlineData(new[] { "library.read", "profile" }, "Nothing was changed, for this page was out of date.")]
    [InlineData(new[] { "library.read", "not a scope" }, "Leave at least one thing ticked")]
    [InlineData(new string[0], "Leave at least one thing ticked")]
    public async Task A_device_never_gets_more_nor_nothing(string[] scopes, string problem)
    {
        await using var host = await DevicesBrowser.StartAsync();
        var device = host.WithToken((await host.PairNamedAsync()).Token);
        using var answer = await (await host.SignInAsync("alice")).SendFormAsync(
            "narrow", change: fields => [.. fields.Where(field => !field.Name.StartsWith("scope", StringComparison.Ordinal)), .. scopes.Select((scope, i) => ($"scope{i}", scope))]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(problem, await answer.HtmlAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await device.GetAsync("/api/admin")).StatusCode);
    }

    [Fact]
    public async Task Taking_access_away_leaves_the_device_without_any()
    {
        await using var host = await DevicesBrowser.StartAsync(options => options.ReplaceEarlierTokens = false);
        var first = host.WithToken((await host.PairNamedAsync()).Token);
        var second = host.WithToken((await host.PairNamedAsync()).Token); // the same device
        using var answer = await (await host.SignInAsync("alice")).SendFormAsync("revoke");
        var html = await answer.HtmlAsync();
        Assert.Contains("Its access is taken away.", html, StringComparison.Ordinal);
        Assert.Contains("It has no access now.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/pair/devices/revoke", html, StringComparison.Ordinal);
        Assert.Contains("<h2><bdi>Living room TV</bdi></h2>", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await first.GetAsync("/api/library")).StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await second.GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task A_removed_device_takes_its_tokens_with_it_and_nothing_else()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var (token, id) = await host.PairNamedAsync();
        var other = host.WithToken((await host.PairNamedAsync("Kitchen", identifier: "id-2")).Token);
        using var answer = await (await host.SignInAsync("alice")).SendFormAsync("remove", containing: id);
        var html = await answer.HtmlAsync();
        Assert.Contains("The device is removed.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Living room TV", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token).GetAsync("/api/library")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task Signing_out_all_devices_ends_all_access_of_the_account_and_of_no_other()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        var tokens = new[] { (await host.PairNamedAsync()).Token, (await host.PairNamedAsync("Kitchen", identifier: "id-2")).Token, await alice.MakeTokenAsync() };
        var bobs = host.WithToken((await host.PairNamedAsync("Bob's handheld", "bob")).Token);
        using var answer = await alice.SendFormAsync("sign-out");
        var html = await answer.HtmlAsync();
        Assert.Contains("role=\"status\">All devices are signed out.</p>", html, StringComparison.Ordinal);
        Assert.Equal(3, html.Split("It has no access now.").Length); // both are still there
        Assert.DoesNotContain("Backup script", html, StringComparison.Ordinal);
        foreach (var token in tokens)
        {
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token).GetAsync("/api/library")).StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await bobs.GetAsync("/api/library")).StatusCode);
        var again = host.WithToken((await host.PairNamedAsync()).Token);
        Assert.Equal(HttpStatusCode.OK, (await again.GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task A_device_that_was_approved_and_has_no_token_yet_can_be_signed_out_and_an_account_without_any_has_no_button()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.DoesNotContain("Sign out all devices", await ShowAsync(alice), StringComparison.Ordinal);
        var codes = await host.Device().StartAsync();
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await alice.SendFormAsync("sign-out")).EnsureSuccessStatusCode();
        using var refused = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("invalid_grant", await refused.ErrorAsync());
    }

    [Fact]
    public async Task What_has_expired_says_so_and_can_only_be_removed()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        await (await host.SignInAsync("alice")).MakeTokenAsync();
        host.Clock.Advance(TimeSpan.FromDays(90));
        var html = await ShowAsync(await host.SignInAsync("alice"));
        Assert.Equal(3, html.Split("Access ended on <time datetime=\"2027-02-21T12:00:00Z\"").Length);
        Assert.Contains("It has no access now.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/pair/devices/revoke", html, StringComparison.Ordinal);
        Assert.DoesNotContain("/pair/devices/narrow", html, StringComparison.Ordinal);
        Assert.Contains("/pair/devices/remove", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_token_is_shown_once_and_works_with_what_was_ticked()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var made = await alice.SendFormAsync(
            "token", name: " Backup \u202Escript ", change: fields => [.. fields.Where(field => field.Name != "expires_in"), ("scope0", "library.read"), ("expires_in", "never")]);
        Assert.Equal((HttpStatusCode.OK, "no-store"), (made.StatusCode, made.Headers.CacheControl?.ToString()));
        var html = await made.HtmlAsync();
        Assert.Contains("Copy it now: it is not shown again.", html, StringComparison.Ordinal);
        var start = html.IndexOf("da_", StringComparison.Ordinal);
        var raw = html[start..html.IndexOf('<', start)];

        var list = await ShowAsync(alice);
        Assert.DoesNotContain(raw, list, StringComparison.Ordinal);
        foreach (var shown in new[] { "<h3><bdi>Backup script</bdi></h3>", "<li>See your library</li>", "Access does not end.", "<dt>Last used</dt><dd>not yet</dd>" })
        {
            Assert.Contains(shown, list, StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.Forbidden, (await host.WithToken(raw).GetAsync("/api/admin")).StatusCode);
        var token = Assert.Single(await TokensAsync(host));
        Assert.Equal(("Backup script", "library.read", null), (token.Name, string.Join(' ', token.Scopes), token.ExpiresAt));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record => record.Message.Contains(raw, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deleted_token_is_refused_at_once()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        var raw = await alice.MakeTokenAsync();
        using var answer = await alice.SendFormAsync("delete");
        var html = await answer.HtmlAsync();
        Assert.Contains("The token is deleted.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Backup script", html, StringComparison.Ordinal);
        using var call = await host.WithToken(raw).GetAsync("/api/admin");
        Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
    }

    [Theory]
    [InlineData("", "library.read", "90d", "Its name must have 1 to 255 characters")]
    [InlineData("a\nb", "library.read", "90d", "Its name must have 1 to 255 characters")]
    [InlineData("x", "", "90d", "Choose at least one thing that it may do.")]
    [InlineData("x", "unheard.of", "90d", "Your account cannot do all of that.")]
    [InlineData("x", "library.write", "90d", "Your account cannot do all of that.")]
    [InlineData("x", "library.read", "5y", "this page was out of date")]
    public async Task What_cannot_be_a_token_is_told_in_words_and_what_was_typed_stays(string name, string scope, string lifetime, string problem)
    {
        var policy = new TestPolicy { Lacking = { ("alice", "library.write") } };
        await using var host = await DevicesBrowser.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        using var answer = await (await host.SignInAsync("alice")).SendFormAsync(
            "token", name: name, change: fields => [.. fields.Where(field => field.Name != "expires_in"), ("scope0", scope), ("expires_in", lifetime)]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var html = await answer.HtmlAsync();
        Assert.Contains(problem, html, StringComparison.Ordinal);
        if (lifetime == "90d")
        {
            Assert.Contains("<details open>", html, StringComparison.Ordinal);
            Assert.Contains(("name", name), DevicesBrowser.Fields(html, "token"));
        }

        Assert.Empty(await TokensAsync(host));
    }

    [Theory]
    [InlineData(1, "You can have 1 token, those of your devices included: delete it first.")]
    [InlineData(2, "You can have 2 tokens, those of your devices included: delete one first.")]
    public async Task The_limit_is_told_in_words(int most, string problem)
    {
        await using var host = await DevicesBrowser.StartAsync(options => options.MaxTokensPerUser = most);
        for (var i = 0; i < most; i++)
        {
            await host.PairNamedAsync(identifier: $"id-{i}");
        }

        using var answer = await (await host.SignInAsync("alice")).SendFormAsync("token", name: "x", change: fields => [.. fields, ("scope0", "library.read")]);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(problem, await answer.HtmlAsync(), StringComparison.Ordinal);
        Assert.Equal(most, (await TokensAsync(host)).Count);
    }

    [Theory]
    [InlineData(null, "me.write", HttpStatusCode.BadRequest)] // the account may make no tokens
    [InlineData("me.read library.read", null, HttpStatusCode.Forbidden)] // the session may not
    [InlineData("me.read me.write unheard.of", null, HttpStatusCode.BadRequest)] // it may, but there is nothing to give
    public async Task Who_may_make_no_tokens_by_the_API_makes_none_here(string? session, string? lacking, HttpStatusCode status)
    {
        var policy = new TestPolicy();
        await using var host = await DevicesBrowser.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var html = await ShowAsync(await host.SignInAsync("alice"));
        Assert.Contains("Make a token", html, StringComparison.Ordinal);
        if (lacking is not null)
        {
            policy.Lacking.Add(("alice", lacking));
        }

        var alice = await host.SignInAsync("alice", session);
        html = await ShowAsync(alice);
        Assert.DoesNotContain("Make a token", html, StringComparison.Ordinal);
        using var answer = await alice.PostPageAsync(
            $"{DevicesBrowser.Devices}/token", ("__RequestVerificationToken", Browser.Antiforgery(await alice.GetStringAsync(Browser.Page))), ("name", "x"), ("scope0", "library.read"));
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(
            status == HttpStatusCode.BadRequest ? "Your account cannot do all of that." : "Your sign-in does not allow this", await answer.HtmlAsync(), StringComparison.Ordinal);
        Assert.Empty(await TokensAsync(host));
    }

    [Fact]
    public async Task Only_what_account_and_session_have_can_be_given_to_a_token()
    {
        var policy = new TestPolicy { Lacking = { ("alice", "library.write") } };
        await using var host = await DevicesBrowser.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var html = await ShowAsync(await host.SignInAsync("alice", "me.write library.read library.write"));
        Assert.Contains("value=\"library.read\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"library.write\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("value=\"profile\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_of_a_device_is_shown_once_with_its_device()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        var html = await ShowAsync(await host.SignInAsync("alice"));
        Assert.Single(Regex.Matches(html, "<bdi>Living room TV</bdi>"));
        Assert.Single(Regex.Matches(html, "<li>See your library</li>"));
        Assert.Contains("You have none.", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "just now")]
    [InlineData(1, "1 minute ago")]
    [InlineData(59, "59 minutes ago")]
    [InlineData(60, "1 hour ago")]
    [InlineData((24 * 60) - 1, "23 hours ago")]
    [InlineData(24 * 60, "1 day ago")]
    [InlineData((30 * 24 * 60) - 1, "29 days ago")]
    [InlineData(30 * 24 * 60, "Monday, November 23, 2026")]
    public async Task Moments_are_said_as_people_say_them(int minutes, string shown)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(minutes));
        var seen = Regex.Match(await ShowAsync(await host.SignInAsync("alice")), "<dt>Last seen</dt><dd><time[^>]+>([^<]+)</time>");
        Assert.Equal(shown, seen.Groups[1].Value);
    }

    [Theory]
    [InlineData("", 1, 20, null, "?page=2")]
    [InlineData("?page=1", 1, 20, null, "?page=2")]
    [InlineData("?page=2", 21, 40, "", "?page=3")]
    [InlineData("?page=3", 41, 45, "?page=2", null)]
    [InlineData("?page=4", 1, 20, null, "?page=2")]
    [InlineData("?page=0", 1, 20, null, "?page=2")]
    [InlineData("?page=-2", 1, 20, null, "?page=2")]
    [InlineData("?page=2.0", 1, 20, null, "?page=2")]
    [InlineData("?page=two", 1, 20, null, "?page=2")]
    [InlineData("?page=", 1, 20, null, "?page=2")]
    [InlineData("?page=2&page=3", 1, 20, null, "?page=2")]
    [InlineData("?page=99999999999999999999", 1, 20, null, "?page=2")]
    [InlineData("?page=%3Cscript%3E", 1, 20, null, "?page=2")]
    public async Task Of_many_devices_a_part_is_shown_with_links_to_the_parts_beside_it(string query, int first, int last, string? before, string? after)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await AddDevicesAsync(host, 45);
        var html = await (await host.SignInAsync("alice")).GetStringAsync(DevicesBrowser.Devices + query);
        Assert.Equal(Enumerable.Range(first, last - first + 1).Select(number => $"Device {number:00}"), Names(html), StringComparer.Ordinal);
        Assert.Equal(before is not null, html.Contains($"<a class=\"chip\" rel=\"prev\" href=\"/pair/devices{before}\">Previous devices</a>", StringComparison.Ordinal));
        Assert.Equal(after is not null, html.Contains($"<a class=\"chip\" rel=\"next\" href=\"/pair/devices{after}\">Next devices</a>", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_list_that_is_shown_whole_has_no_parts()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await AddDevicesAsync(host, 20);
        var html = await ShowAsync(await host.SignInAsync("alice"));
        Assert.Equal(20, Names(html).Length);
        Assert.DoesNotContain("<nav", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_form_comes_the_part_that_it_stood_in()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await AddDevicesAsync(host, 21);
        var alice = await host.SignInAsync("alice");
        using var renamed = await alice.SendFormAsync("rename", name: "Den", query: "?page=2");
        Assert.Equal("/pair/devices?page=2", renamed.RequestMessage?.RequestUri?.PathAndQuery);
        Assert.Equal("Den", Assert.Single(Names(await renamed.HtmlAsync())));
        using var refused = await alice.SendFormAsync("rename", name: "", query: "?page=2");
        Assert.Equal((HttpStatusCode.BadRequest, "Den"), (refused.StatusCode, Assert.Single(Names(await refused.HtmlAsync()))));
        using var removed = await alice.SendFormAsync("remove", query: "?page=2"); // the last one there: the first part comes
        Assert.Equal(20, Names(await removed.HtmlAsync()).Length);
    }

    [Fact]
    public async Task A_device_whose_settings_cannot_be_read_is_listed_and_can_be_removed()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await AddDevicesAsync(host, 2);
        var damaged = await host.Services.GetRequiredService<IDeviceRepository>().AddOrFindAsync(
            TestData.NewDevice(identifier: null) with { Name = "Device 03", CreatedAt = TestData.Start.AddSeconds(3), SyncConfig = SecretDocument.Deferred(() => throw new InvalidOperationException("lost")) }, default);
        var alice = await host.SignInAsync("alice");
        Assert.Equal(["Device 01", "Device 02", "Device 03"], Names(await ShowAsync(alice)));
        using var removed = await alice.SendFormAsync("remove", containing: damaged.Id);
        Assert.Equal("Device 01, Device 02", string.Join(", ", Names(await removed.HtmlAsync())));
    }

    [Fact]
    public async Task The_result_of_a_pairing_leads_here()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var codes = await host.Device().StartAsync();
        using var decided = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Contains("<a href=\"/pair/devices\">Your devices</a>", await decided.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_path_base_goes_into_every_address()
    {
        await using var host = await DevicesBrowser.StartAsync(pathBase: "/app");
        await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync("/app/pair/devices");
        Assert.DoesNotContain("=\"/pair", html, StringComparison.Ordinal);
        using var answer = await alice.PostOnlyAsync("/app/pair/devices/remove", DevicesBrowser.Fields(html, "remove"));
        Assert.Equal((HttpStatusCode.SeeOther, "/app/pair/devices"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task Another_language_comes_back_to_the_page_after_a_refused_form_too()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var page in new[] { await alice.GetAsync(DevicesBrowser.Devices), await alice.SendFormAsync("token") })
        {
            var html = await page.HtmlAsync();
            using var answer = await alice.PostOnlyAsync(
                $"{DevicesBrowser.Devices}/language", [.. DevicesBrowser.Fields(html, "language"), ("language", "en-GB")]);
            Assert.Equal((HttpStatusCode.SeeOther, DevicesBrowser.Devices), (answer.StatusCode, answer.Headers.Location?.OriginalString));
        }
    }

    [Theory]
    [InlineData("rename")]
    [InlineData("token")]
    public async Task The_address_of_a_sent_form_asked_for_anew_shows_the_list(string form)
    {
        await using var host = await DevicesBrowser.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).GetAsync($"{DevicesBrowser.Devices}/{form}");
        Assert.Equal((HttpStatusCode.SeeOther, DevicesBrowser.Devices), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task Another_account_signs_in_and_comes_back_to_the_page()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        using var answer = await alice.PostOnlyAsync($"{DevicesBrowser.Devices}/switch", DevicesBrowser.Fields(await ShowAsync(alice), "switch"));
        using var asked = await alice.GoOnAsync(answer);
        Assert.EndsWith("/login?ReturnUrl=%2Fpair%2Fdevices", asked.Headers.Location?.OriginalString, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Redirect, (await alice.GetAsync(DevicesBrowser.Devices)).StatusCode);
    }

    /// <summary>Gives alice devices, named by their number.</summary>
    private static async Task AddDevicesAsync(TestHost host, int count)
    {
        var devices = host.Services.GetRequiredService<IDeviceRepository>();
        for (var number = 1; number <= count; number++)
        {
            await devices.AddOrFindAsync(TestData.NewDevice(identifier: null) with { Name = $"Device {number:00}", CreatedAt = TestData.Start.AddSeconds(number) }, default);
        }
    }

    private static string[] Names(string html) => [.. Heading().Matches(html).Select(match => match.Groups[1].Value)];

    [GeneratedRegex("<h2><bdi>([^<]*)</bdi></h2>")]
    private static partial Regex Heading();

    private static Task<string> ShowAsync(HttpClient browser) => browser.GetStringAsync(DevicesBrowser.Devices);

    private static async Task<IReadOnlyList<AccessToken>> TokensAsync(TestHost host, string user = "alice") =>
        await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync(user, CancellationToken.None);
}

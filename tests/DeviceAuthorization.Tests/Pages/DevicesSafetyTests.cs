using System.Net;
using System.Text.RegularExpressions;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>The page of devices against forged requests, other people, hostile texts and other windows.</summary>
public sealed class DevicesSafetyTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("forged")]
    [InlineData("bob's")]
    public async Task Without_an_antiforgery_token_of_ones_own_no_form_changes_anything(string? token)
    {
        await using var host = await StartWithAllAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        token = token == "bob's" ? Browser.Antiforgery(await (await host.SignInAsync("bob")).GetStringAsync(DevicesBrowser.Devices)) : token;
        await AssertRefusedAsync(host, alice, html, fields =>
            [.. fields.Where(field => field.Name != "__RequestVerificationToken"), .. token is null ? [] : new[] { ("__RequestVerificationToken", token) }]);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    public async Task No_form_is_accepted_from_another_site(string header, string value)
    {
        await using var host = await StartWithAllAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        alice.DefaultRequestHeaders.Add(header, value);
        await AssertRefusedAsync(host, alice, html, fields => fields);
    }

    [Fact]
    public async Task A_field_that_occurs_twice_or_is_none_of_the_forms_is_refused()
    {
        await using var host = await StartWithAllAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        await AssertRefusedAsync(host, alice, html, fields => [.. fields, fields.OrderBy(field => field.Name != "__RequestVerificationToken").Last()]);
        await AssertRefusedAsync(host, alice, html, fields => [.. fields, .. Enumerable.Range(0, 60).Select(i => ($"x{i}", ""))]);
    }

    [Fact]
    public async Task Whoever_is_not_signed_in_signs_in_and_comes_back_to_the_list()
    {
        await using var host = await StartWithAllAsync();
        foreach (var client in new[] { host.Browser(), host.WithToken(await host.PairAsync()) }) // a device is nobody here
        {
            using var shown = await client.GetAsync(DevicesBrowser.Devices + "?returnUrl=//evil.example");
            AssertSignIn(shown);
            foreach (var form in DevicesBrowser.Forms.Append("switch"))
            {
                using var answer = await client.PostOnlyAsync($"{DevicesBrowser.Devices}/{form}", ("device", "x"), ("name", "x"), ("scope0", "library.read"));
                AssertSignIn(await client.GoOnAsync(answer));
            }
        }

        static void AssertSignIn(HttpResponseMessage answer) => Assert.Equal(
            (HttpStatusCode.Redirect, "https://tv.example.com/login?ReturnUrl=%2Fpair%2Fdevices"), (answer.StatusCode, answer.Headers.Location?.OriginalString));
    }

    [Fact]
    public async Task A_locked_account_sees_and_changes_nothing()
    {
        var policy = new TestPolicy();
        await using var host = await StartWithAllAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        var before = await StateAsync(host);
        policy.Locked.Add("alice");
        using var shown = await alice.GetAsync(DevicesBrowser.Devices);
        Assert.Equal((HttpStatusCode.Forbidden, "Not possible"), (shown.StatusCode, await shown.TitleAsync()));
        foreach (var form in DevicesBrowser.Forms)
        {
            using var answer = await alice.PostPageAsync($"{DevicesBrowser.Devices}/{form}", Filled(html, form));
            Assert.Equal((HttpStatusCode.Forbidden, "Not possible"), (answer.StatusCode, await answer.TitleAsync()));
        }

        Assert.Equal(before, await StateAsync(host));
    }

    [Fact]
    public async Task Everybody_sees_their_own()
    {
        await using var host = await StartWithAllAsync();
        await host.PairNamedAsync("Bob's handheld", "bob");
        var (alices, bobs) = (await (await host.SignInAsync("alice")).GetStringAsync(DevicesBrowser.Devices), await (await host.SignInAsync("bob")).GetStringAsync(DevicesBrowser.Devices));
        Assert.Contains("Living room TV", alices, StringComparison.Ordinal);
        Assert.DoesNotContain("handheld", alices, StringComparison.Ordinal);
        Assert.Contains("Bob&#x27;s handheld", bobs, StringComparison.Ordinal);
        Assert.DoesNotContain("Living room TV", bobs, StringComparison.Ordinal);
        Assert.DoesNotContain("Backup script", bobs, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_there_and_what_is_another_ones_get_one_and_the_same_page()
    {
        await using var host = await StartWithAllAsync();
        var alices = await (await host.SignInAsync("alice")).GetStringAsync(DevicesBrowser.Devices);
        var bob = await host.SignInAsync("bob");
        var before = await StateAsync(host);
        var pages = new HashSet<string>(StringComparer.Ordinal);
        foreach (var form in DevicesBrowser.Forms.Where(form => form is not ("token" or "sign-out")))
        {
            var field = form is "narrow" or "delete" ? "token" : "device";
            foreach (var id in new[] { Filled(alices, form).Single(sent => sent.Name == field).Value, $"{Guid.NewGuid()}", "x", "", "../1", new string('1', 4000) })
            {
                var own = Browser.Antiforgery(await bob.GetStringAsync(DevicesBrowser.Devices));
                using var answer = await bob.PostPageAsync($"{DevicesBrowser.Devices}/{form}", [("__RequestVerificationToken", own), (field, id), .. Rest(form)]);
                var html = await answer.HtmlAsync();
                Assert.Contains("Nothing was changed: it is not there any more.", html, StringComparison.Ordinal);
                pages.Add(html.Replace(Browser.Antiforgery(html), "", StringComparison.Ordinal));
            }
        }

        Assert.Single(pages);
        Assert.Equal(before, await StateAsync(host));

        static (string, string)[] Rest(string form) => form switch
        {
            "rename" => [("name", "Mine")],
            "narrow" => [("scope0", "library.read")],
            _ => [],
        };
    }

    [Fact]
    public async Task What_was_removed_in_another_window_is_not_there_any_more()
    {
        await using var host = await StartWithAllAsync();
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        foreach (var form in new[] { "remove", "delete" })
        {
            (await alice.PostPageAsync($"{DevicesBrowser.Devices}/{form}", Filled(html, form))).EnsureSuccessStatusCode();
        }

        foreach (var form in DevicesBrowser.Forms.Where(form => form is not ("token" or "sign-out")))
        {
            using var answer = await alice.PostPageAsync($"{DevicesBrowser.Devices}/{form}", Filled(html, form));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Contains("it is not there any more", await answer.HtmlAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_list_of_scopes_from_before_another_window_took_some_away_gives_none_back()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var device = host.WithToken((await host.PairNamedAsync()).Token);
        var alice = await host.SignInAsync("alice");
        var old = DevicesBrowser.Fields(await alice.GetStringAsync(DevicesBrowser.Devices), "narrow");
        (await alice.SendFormAsync("narrow", untick: ["library.write"])).EnsureSuccessStatusCode();
        using var answer = await alice.PostPageAsync($"{DevicesBrowser.Devices}/narrow", old);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("this page was out of date", await answer.HtmlAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Forbidden, (await device.GetAsync("/api/admin")).StatusCode);
    }

    [Fact]
    public async Task A_name_and_whatever_else_changes_at_the_same_time_are_both_kept()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            app.MapDevicesPage();
            app.MapDevices();
        });
        var (_, id) = await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        var fields = DevicesBrowser.Fields(await alice.GetStringAsync(DevicesBrowser.Devices), "rename").Where(field => field.Name != "name").ToArray();
        for (var round = 0; round < 10; round++)
        {
            var renaming = alice.PostOnlyAsync($"{DevicesBrowser.Devices}/rename", [.. fields, ("name", $"Name {round}")]);
            var changing = alice.CallAsync("PATCH", $"{RegistryHost.Devices}/{id}", $$"""{ "hostname": "host-{{round}}" }""");
            await Task.WhenAll(renaming, changing);
            var device = await host.StoredAsync(id);
            Assert.Equal(($"Name {round}", $"host-{round}"), (device.Name, device.Hostname));
        }
    }

    [Fact]
    public async Task Of_many_tokens_made_at_once_no_more_are_made_than_allowed()
    {
        await using var host = await DevicesBrowser.StartAsync(options => options.MaxTokensPerUser = 3);
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => alice.PostOnlyAsync($"{DevicesBrowser.Devices}/token", Filled(html, "token"))));
        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(5, answers.Count(answer => answer.StatusCode == HttpStatusCode.BadRequest));
    }

    [Fact]
    public async Task Names_are_only_text()
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync("\"><script>alert(1)</script>{0}");
        var alice = await host.SignInAsync("alice");
        await alice.MakeTokenAsync("<img src=x>{1}");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        Assert.Contains("<h2><bdi>&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;{0}</bdi></h2>", html, StringComparison.Ordinal);
        Assert.Contains("<h3><bdi>&lt;img src=x&gt;{1}</bdi></h3>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_notice_of_somebody_elses_making_is_not_shown()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var forged in new[] { "Made_text", "Review_warning", "%3Cscript%3E" })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, DevicesBrowser.Devices);
            request.Headers.Add("Cookie", $"da.notice={forged}");
            using var answer = await alice.SendAsync(request);
            Assert.DoesNotContain("role=\"status\"", await answer.HtmlAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task What_takes_away_is_behind_a_text_and_no_link_can_put_the_focus_on_it()
    {
        await using var host = await StartWithAllAsync();
        var html = await (await host.SignInAsync("alice")).GetStringAsync(DevicesBrowser.Devices);
        Assert.Equal(4, Regex.Count(html, "<details name=\"act\"><summary>[^<]+</summary>\\s*<form[^>]*>(<input[^>]*>)*\\s*<p>[^<]+</p>\\s*<button class=\"danger\">"));
        Assert.Equal(4, Regex.Count(html, "class=\"danger\""));
        Assert.DoesNotMatch(@"\sid\s*=", html); // CVE-2024-7404
        Assert.DoesNotContain("autofocus", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<details name=\"act\" open", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_answer_whatever_its_status_forbids_caching_framing_and_foreign_scripts()
    {
        var policy = new TestPolicy { Locked = { "carol" } };
        await using var host = await DevicesBrowser.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        await using var down = await DevicesBrowser.StartAsync(services: services => services.AddSingleton(BrokenDeviceRepository.Create()));
        var alice = await host.SignInAsync("alice");
        var html = await alice.GetStringAsync(DevicesBrowser.Devices);
        var answers = new[]
        {
            await alice.GetAsync(DevicesBrowser.Devices),
            await alice.PostOnlyAsync($"{DevicesBrowser.Devices}/token", Filled(html, "token")),
            await alice.PostOnlyAsync($"{DevicesBrowser.Devices}/rename"),
            await (await host.SignInAsync("carol")).GetAsync(DevicesBrowser.Devices),
            await (await down.SignInAsync("alice")).GetAsync(DevicesBrowser.Devices),
        };
        Assert.Equal([200, 200, 400, 403, 503], answers.Select(answer => (int)answer.StatusCode).ToArray());
        foreach (var answer in answers)
        {
            var csp = string.Join(',', answer.Headers.GetValues("Content-Security-Policy"));
            Assert.Matches("^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$", csp);
            Assert.Equal("DENY", string.Join(',', answer.Headers.GetValues("X-Frame-Options")));
            Assert.Equal("no-referrer", string.Join(',', answer.Headers.GetValues("Referrer-Policy")));
            Assert.Equal("same-origin", string.Join(',', answer.Headers.GetValues("Cross-Origin-Opener-Policy")));
            Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        }

        Assert.DoesNotContain(BrokenDeviceRepository.Secret, await answers[^1].HtmlAsync(), StringComparison.Ordinal);
    }

    /// <summary>Alice has a device, and a token made by hand.</summary>
    private static async Task<TestHost> StartWithAllAsync(Action<IServiceCollection>? services = null)
    {
        var host = await DevicesBrowser.StartAsync(services: services);
        await host.PairNamedAsync();
        await (await host.SignInAsync("alice")).MakeTokenAsync();
        return host;
    }

    private static (string Name, string Value)[] Filled(string html, string form) =>
        form == "token" ? [.. DevicesBrowser.Fields(html, form).Where(field => field.Name != "name"), ("name", "x"), ("scope0", "library.read")] : DevicesBrowser.Fields(html, form);

    /// <summary>Sends every form of the page, changed: each is 400, says why, and leaves everything as it was.</summary>
    private static async Task AssertRefusedAsync(
        TestHost host, HttpClient browser, string html, Func<IEnumerable<(string Name, string Value)>, IEnumerable<(string Name, string Value)>> change)
    {
        var before = await StateAsync(host);
        foreach (var form in DevicesBrowser.Forms)
        {
            using var answer = await browser.PostPageAsync($"{DevicesBrowser.Devices}/{form}", [.. change(Filled(html, form))]);
            Assert.Equal((HttpStatusCode.BadRequest, "Your devices"), (answer.StatusCode, await answer.TitleAsync()));
            Assert.Contains("role=\"alert\">Nothing was changed, for this page was out of date.", await answer.HtmlAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(before, await StateAsync(host));
    }

    private static async Task<string> StateAsync(TestHost host)
    {
        var repository = host.Services.GetRequiredService<IDeviceRepository>();
        var devices = await repository.ListAsync("alice", CancellationToken.None);
        var tokens = await repository.ListTokensAsync("alice", CancellationToken.None);
        return string.Join('\n', [.. devices.Select(device => $"{device}"), .. tokens.Select(token => $"{token} {token.Version}")]);
    }
}

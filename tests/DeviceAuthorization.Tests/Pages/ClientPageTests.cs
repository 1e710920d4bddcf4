using System.Net;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>What people see of a registered client, and that a code which should be typed is typed: the row T-32.</summary>
public sealed class ClientPageTests
{
    private const string TypeIt = "Type the code that your device shows. For this app, a link is not enough.";

    [Theory]
    [InlineData(null, "<small>whether it is really this app is unverified</small>")]
    [InlineData(Clients.Secret, "<small>this app has proved who it is</small>")]
    public async Task A_registered_client_is_shown_by_its_name_with_what_is_known_of_it(string? secret, string remark)
    {
        await using var host = await TestHost.StartAsync(
            options => options.Clients["tv"] = new DeviceClient { DisplayName = "Cartridge <TV>", LogoPath = "/tv.svg", Secret = secret }, pathBase: "/app");
        using var start = await host.Device().PostAsync("/app" + Wire.Prefix + "/init", new FormUrlEncodedContent(
            [KeyValuePair.Create("client_id", "tv"), KeyValuePair.Create("client_version", "1.2"), .. secret is null ? [] : new[] { KeyValuePair.Create("client_secret", secret) }]));
        using var page = await (await host.SignInAsync("alice")).EnterCodeAsync(StartedCodes.From(await start.JsonAsync()).UserCode, "/app/pair/device");
        Assert.Contains(
            $"<dt>App</dt><dd><img src=\"/app/tv.svg\" alt=\"\"> <bdi>Cartridge &lt;TV&gt;</bdi> <bdi>1.2</bdi> <span class=\"tag known\">known here</span> {remark}</dd>",
            await page.HtmlAsync(),
            StringComparison.Ordinal);
        Assert.Contains("; img-src 'self'; form-action", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_without_a_name_is_shown_by_its_id_and_without_a_logo_no_picture_may_be_loaded()
    {
        await using var host = await TestHost.StartAsync(options => options.Clients["tv"] = new DeviceClient());
        using var page = await (await host.SignInAsync("alice")).EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Contains("<dt>App</dt><dd><bdi>tv</bdi> <span class=\"tag known\">known here</span>", await page.HtmlAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain("img-src", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "T-32")]
    public async Task A_device_that_takes_the_name_of_an_app_gets_no_mark_for_it()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            options.Clients["tv"] = new DeviceClient { DisplayName = "Cartridge TV" };
            options.Clients["cli"] = new DeviceClient();
        });
        using var start = await host.Device().PostFormAsync("init", ("client_id", "cli"), ("name", "Cartridge TV"), ("platform", "Cartridge TV"));
        var review = await (await host.SignInAsync("alice")).ReviewAsync(StartedCodes.From(await start.JsonAsync()).UserCode);
        Assert.Contains("<small>Device</small> <strong><bdi>Cartridge TV</bdi></strong> <small>reported by the device, unverified</small></p>", review, StringComparison.Ordinal);
        Assert.Contains("<dt>App</dt><dd><bdi>cli</bdi> <span class=\"tag known\">", review, StringComparison.Ordinal);
        Assert.Contains("<dt>System</dt><dd><bdi>Cartridge TV</bdi></dd>", review, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_registered_clients_every_app_is_unverified()
    {
        await using var host = await TestHost.StartAsync();
        var review = await (await host.SignInAsync("alice")).ReviewAsync((await host.Device().StartAsync()).UserCode);
        Assert.Contains("<dt>App</dt><dd><bdi>tv</bdi> <small>unverified</small></dd>", review, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_page_of_devices_shows_the_name_of_the_app_that_was_paired_and_not_of_one_that_a_device_says_it_is()
    {
        await using var host = await DevicesBrowser.StartAsync(options =>
        {
            options.Clients["grout"] = new DeviceClient { DisplayName = "Grout for muOS" };
            options.Clients["tv"] = new DeviceClient { DisplayName = "Cartridge TV" };
        });
        await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Contains("<bdi>Grout for muOS 1.2.3</bdi>", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);

        var devices = host.Services.GetRequiredService<IDeviceRepository>();
        var device = Assert.Single(await devices.ListAsync("alice", default));
        Assert.Equal(DeviceReplacement.Replaced, await devices.TryReplaceAsync(device with { Client = "tv" }, default)); // as PUT /api/devices lets it
        Assert.Contains("<bdi>tv 1.2.3</bdi>", await alice.GetStringAsync(DevicesBrowser.Devices), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_that_a_link_brought_is_not_claimed_for_an_app_that_wants_it_typed_and_typing_it_works()
    {
        await using var host = await StartTypedAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Contains($"value=\"{codes.UserCode}\"", await alice.OpenLinkAsync($"{Browser.Page}?user_code={codes.UserCode}"), StringComparison.Ordinal);
        using (var refused = await alice.EnterCodeAsync(codes.UserCode.ToLowerInvariant()))
        {
            var html = await refused.HtmlAsync();
            Assert.Contains($"<p class=\"note\" role=\"alert\">{TypeIt}</p>", html, StringComparison.Ordinal);
            Assert.Contains("name=\"user_code\" value=\"\"", html, StringComparison.Ordinal);
            Assert.DoesNotContain(codes.UserCode, html, StringComparison.OrdinalIgnoreCase);
        }

        using var others = await (await host.SignInAsync("bob")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.OK, others.StatusCode); // nobody has claimed it
        Assert.Contains("Approve this device?", await alice.ReviewAsync(codes.UserCode), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_that_a_link_filled_in_stays_one_whatever_other_links_were_opened_since()
    {
        await using var host = await StartTypedAsync();
        var (sent, other) = (await host.Device().StartAsync(), await host.Device().StartAsync());
        var alice = await host.SignInAsync("alice");
        var form = await alice.OpenLinkAsync($"{Browser.Page}?user_code={sent.UserCode}");
        await alice.OpenLinkAsync($"{Browser.Page}?user_code={other.UserCode}");
        using var refused = await alice.PostPageAsync(
            Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(form)), ("ticket", Browser.Ticket(form)), ("user_code", sent.UserCode));
        Assert.Contains(TypeIt, await refused.HtmlAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_code_that_was_typed_is_no_links_after_a_switch_of_accounts()
    {
        await using var host = await StartTypedAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        var review = await browser.ReviewAsync(codes.UserCode);
        (await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(review)))).Dispose();
        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        Assert.Contains("Approve this device?", await browser.ReviewAsync(codes.UserCode), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("switch")]
    [InlineData("switch switch")]
    [InlineData("language")]
    [InlineData("language switch language")]
    [InlineData("signed-out")]
    [InlineData("other-tab")]
    [InlineData("other-tab switch")]
    [InlineData("unknown-code")]
    public async Task A_code_that_a_link_brought_stays_one_after_any_detour(string detours)
    {
        await using var host = await StartTypedAsync();
        var codes = await host.Device().StartAsync();
        var browser = await host.SignInAsync("alice");
        var form = await browser.OpenLinkAsync($"{Browser.Page}?user_code={codes.UserCode}");
        foreach (var detour in detours.Split(' '))
        {
            switch (detour)
            {
                case "switch": // "use another account", and sign in
                    using (await browser.GoOnAsync(await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(form)))))
                    {
                        (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
                    }

                    break;
                case "language":
                    (await browser.PostOnlyAsync(Browser.Page + "/language", ("language", "en-GB"), ("back", Browser.Page))).Dispose();
                    break;
                case "signed-out": // the session ended before the form was sent
                    host.Clock.Advance(TimeSpan.FromSeconds(1));
                    (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
                    break;
                case "other-tab":
                    using (await browser.GetAsync(Browser.Page))
                    using (await browser.GetAsync(Browser.Review))
                    {
                    }

                    break;
                case "unknown-code":
                    (await browser.PostPageAsync(Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(form)), ("user_code", "BBBB-BBBB"))).Dispose();
                    break;
            }

            form = await browser.GetStringAsync(Browser.Page);
        }

        Assert.Contains($"value=\"{codes.UserCode}\"", form, StringComparison.Ordinal); // filled in: Continue is one click
        foreach (var ticket in new[] { true, false })
        {
            if (!ticket)
            {
                await browser.OpenLinkAsync($"{Browser.Page}?user_code={codes.UserCode}"); // the refusal has taken the cookie
            }

            using var refused = await browser.PostPageAsync(
                Browser.Page,
                [("__RequestVerificationToken", Browser.Antiforgery(form)), ("user_code", codes.UserCode), .. ticket ? [("ticket", Browser.Ticket(form))] : Array.Empty<(string, string)>()]);
            Assert.Contains(TypeIt, await refused.HtmlAsync(), StringComparison.Ordinal);
        }

        using var others = await (await host.SignInAsync("carol")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.OK, others.StatusCode); // nobody has claimed it
    }

    [Fact]
    public async Task A_link_stays_one_through_the_claim_a_fresh_sign_in_and_a_switch_of_accounts()
    {
        var policy = new TestPolicy { Risk = ApprovalRisk.StepUp };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var browser = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await host.Device().StartAsync();
        var form = await browser.OpenLinkAsync($"{Browser.Page}?user_code={codes.UserCode}");
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using (await browser.GoOnAsync(await browser.PostPageAsync(
            Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(form)), ("ticket", Browser.Ticket(form)), ("user_code", codes.UserCode))))
        {
            (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        }

        var review = await browser.GetStringAsync(Browser.Review);
        var tickets = host.Services.GetRequiredService<PairingTickets>();
        Assert.True(tickets.TryRead(Browser.Ticket(review), out var ticket) && ticket is { IsOfLink: true, UserId: "alice" });
        using (await browser.GoOnAsync(await browser.PostOnlyAsync(Browser.Page + "/switch", ("__RequestVerificationToken", Browser.Antiforgery(review)))))
        {
            (await browser.GetAsync("/test/sign-in/bob")).EnsureSuccessStatusCode();
        }

        Assert.True(tickets.TryRead(Browser.Ticket(await browser.GetStringAsync(Browser.Page)), out ticket) && ticket is { IsOfLink: true, UserId: null });
    }

    [Fact]
    public async Task A_link_to_another_code_does_not_keep_anybody_from_typing()
    {
        await using var host = await StartTypedAsync();
        var (sent, own) = (await host.Device().StartAsync(), await host.Device().StartAsync());
        var alice = await host.SignInAsync("alice");
        await alice.OpenLinkAsync($"{Browser.Page}?user_code={sent.UserCode}");
        Assert.Contains("Approve this device?", await alice.ReviewAsync(own.UserCode), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Links_of_other_apps_work_and_unknown_codes_are_answered_as_ever()
    {
        await using var host = await StartTypedAsync();
        var alice = await host.SignInAsync("alice");
        await alice.OpenLinkAsync($"{Browser.Page}?user_code=BBBB-BBBB");
        using (var unknown = await alice.EnterCodeAsync("BBBB-BBBB"))
        {
            Assert.Contains("This code is not known here.", await unknown.HtmlAsync(), StringComparison.Ordinal);
        }

        var codes = await host.Device().StartAsync("cli");
        await alice.OpenLinkAsync(codes.Body.String("verification_uri_complete"));
        Assert.Contains("Approve this device?", await alice.ReviewAsync(codes.UserCode), StringComparison.Ordinal);
    }

    private static Task<TestHost> StartTypedAsync() => TestHost.StartAsync(options =>
    {
        options.Clients["tv"] = new DeviceClient { AllowLink = false };
        options.Clients["cli"] = new DeviceClient();
    });
}

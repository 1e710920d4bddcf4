using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Comparing the number: the page, and what the device is answered meanwhile, in both dialects.</summary>
public sealed class NumberPageTests
{
    private const string Question = "Which number does your device show?";

    [Fact]
    public async Task The_number_that_the_device_shows_approves_it()
    {
        await using var host = await HostAsync();
        var (alice, codes, page) = await ApprovedAsync(host);
        var number = await ShownAsync(host, codes);
        Assert.Contains(number, Browser.Numbers(page), StringComparer.Ordinal);
        using var matched = await alice.PostNumberAsync(page, number);
        Assert.Equal((HttpStatusCode.OK, "Device approved"), (matched.StatusCode, await matched.TitleAsync()));
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
    }

    [Theory]
    [InlineData("another")]
    [InlineData("none of the three")]
    [InlineData("deny")]
    public async Task Another_number_or_none_denies_it_for_good(string pressed)
    {
        await using var host = await HostAsync();
        var (alice, codes, page) = await ApprovedAsync(host);
        var number = await ShownAsync(host, codes);
        var numbers = Browser.Numbers(page);
        using var denied = await alice.PostNumberAsync(page, pressed switch
        {
            "another" => numbers.First(other => other != number),
            "none of the three" => Enumerable.Range(11, 9).Select(other => $"{other}").First(other => !numbers.Contains(other, StringComparer.Ordinal)),
            _ => pressed,
        });
        Assert.Equal("Device denied", await denied.TitleAsync());
        using var again = await alice.PostNumberAsync(page, number); // the back button
        Assert.Equal("Device denied", await again.TitleAsync());
        Assert.Equal("access_denied", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    public async Task Reload_back_button_and_other_tabs_show_how_it_stands_and_change_nothing()
    {
        await using var host = await HostAsync();
        var codes = await StartAsync(host);
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes.UserCode);
        using var approved = await alice.PostDecisionAsync(review, "approve");
        var numbers = Browser.Numbers(await approved.HtmlAsync());
        Assert.Equal(3, numbers.Length);

        using var resent = await alice.PostDecisionAsync(review, "approve"); // back, and approved once more
        using var enter = await alice.PostNumberAsync(await approved.HtmlAsync(), "none"); // the hidden button, which Enter presses
        using var elsewhere = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode); // another browser
        string[] pages = [await resent.HtmlAsync(), await enter.HtmlAsync(), await elsewhere.HtmlAsync(), await alice.GetStringAsync(Browser.Review)];
        Assert.All(pages, page => Assert.Equal(numbers, Browser.Numbers(page)));
        Assert.NotNull(await ShownAsync(host, codes));
    }

    [Fact]
    public async Task Others_see_an_unknown_code_and_decide_nothing()
    {
        await using var host = await HostAsync();
        var (_, codes, page) = await ApprovedAsync(host);
        var bob = await host.SignInAsync("bob");
        using var entered = await bob.EnterCodeAsync(codes.UserCode);
        Assert.Contains("This code is not known here.", await entered.HtmlAsync(), StringComparison.Ordinal);
        using var replayed = await bob.PostPageAsync(
            Browser.Review,
            ("__RequestVerificationToken", Browser.Antiforgery(await bob.GetStringAsync(Browser.Page))),
            ("ticket", Browser.Ticket(page)), // alice's
            ("decision", await ShownAsync(host, codes)));
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (replayed.StatusCode, await replayed.TitleAsync()));
        Assert.NotNull(await ShownAsync(host, codes));
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData("forged", true)]
    [InlineData("", true)]
    [InlineData("own", false)]
    public async Task Without_an_antiforgery_token_and_the_ticket_of_this_code_no_number_counts(string? antiforgery, bool hasTicket)
    {
        await using var host = await HostAsync();
        var (alice, codes, page) = await ApprovedAsync(host);
        var other = await alice.ReviewAsync((await StartAsync(host)).UserCode);
        (string, string)[] token = antiforgery is null ? [] : [("__RequestVerificationToken", antiforgery == "own" ? Browser.Antiforgery(page) : antiforgery)];
        using var answer = await alice.PostPageAsync(
            Browser.Review, [.. token, ("ticket", hasTicket ? Browser.Ticket(page) : Browser.Ticket(other)), ("decision", await ShownAsync(host, codes))]);
        Assert.NotEqual("Device approved", await answer.TitleAsync(), StringComparer.Ordinal); // the other code's is not waiting for a number: nothing
        Assert.NotNull(await ShownAsync(host, codes));
    }

    [Theory]
    [InlineData("4")]
    [InlineData("042")]
    [InlineData("00")]
    [InlineData("+42")]
    public async Task What_is_no_number_of_two_digits_is_400_and_changes_nothing(string pressed)
    {
        await using var host = await HostAsync();
        var (alice, codes, page) = await ApprovedAsync(host);
        using var answer = await alice.PostNumberAsync(page, pressed);
        Assert.Equal((HttpStatusCode.BadRequest, "Please start again"), (answer.StatusCode, await answer.TitleAsync()));
        Assert.NotNull(await ShownAsync(host, codes));
    }

    [Fact]
    public async Task The_first_button_decides_nothing_and_all_others_sleep_at_first()
    {
        await using var host = await HostAsync();
        var (_, _, page) = await ApprovedAsync(host);
        var form = page[page.IndexOf($"action=\"{Browser.Review}\"", StringComparison.Ordinal)..];
        form = form[..form.IndexOf("</form>", StringComparison.Ordinal)];
        var buttons = form.Split("<button ").Skip(1).ToArray();
        Assert.StartsWith("name=\"decision\" value=\"none\" hidden>", buttons[0], StringComparison.Ordinal);
        Assert.Equal(4, buttons.Skip(1).Count(button => button.StartsWith("data-decision name=\"decision\"", StringComparison.Ordinal)));
        Assert.DoesNotContain("autofocus", form, StringComparison.Ordinal);
        Assert.DoesNotContain(" id=", form, StringComparison.Ordinal);
    }

    [Fact]
    public async Task When_it_expires_meanwhile_the_code_is_unknown_and_the_device_is_told()
    {
        await using var host = await HostAsync();
        var (alice, codes, page) = await ApprovedAsync(host);
        var number = await ShownAsync(host, codes);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var late = await alice.PostNumberAsync(page, number);
        Assert.Contains("This code is not known here.", await late.HtmlAsync(), StringComparison.Ordinal);
        Assert.Equal("expired_token", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    public async Task A_risky_approval_is_compared_with_a_warning_or_stopped_if_the_device_shows_no_number()
    {
        var policy = new TestPolicy();
        await using var host = await TestHost.StartAsync(
            options => options.NumberMatching = NumberMatching.WhenRisky, services => services.AddSingleton<IPairingPolicy>(policy));
        var alice = await host.SignInAsync("alice");
        using var plain = await alice.DecideOnPageAsync((await StartAsync(host)).UserCode, "approve");
        Assert.Equal("Device approved", await plain.TitleAsync());

        policy.Risk = ApprovalRisk.MatchNumber;
        var review = await alice.ReviewAsync((await StartAsync(host)).UserCode);
        Assert.Contains("Something about this request is unusual.", review, StringComparison.Ordinal);
        using var risky = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal(Question, await risky.TitleAsync());
        using var dumb = await alice.EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, "Stopped for your safety"), (dumb.StatusCode, await dumb.TitleAsync()));
    }

    [Fact]
    public async Task Approvers_who_use_the_API_are_sent_to_the_page_and_change_nothing_but_may_deny()
    {
        await using var host = await HostAsync();
        var codes = await StartAsync(host);
        var alice = await host.SignInAsync("alice");
        const string Detail = "Approve this device on the page: its number must be compared.";
        using var api = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.Forbidden, Detail), (api.StatusCode, await api.DetailAsync()));
        using var pending = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.OK, pending.StatusCode); // still to be decided
        (await alice.DecideOnPageAsync(codes.UserCode, "approve")).Dispose();
        foreach (var answer in new[] { await alice.ApproveAsync(codes.UserCode), await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}") })
        {
            Assert.Equal((HttpStatusCode.Forbidden, Detail), (answer.StatusCode, await answer.DetailAsync()));
            Assert.Equal("number_required", (await answer.JsonAsync()).String("error"));
        }

        using var denied = await alice.DenyAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
        Assert.Equal("access_denied", await (await host.Device().PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    public async Task The_device_hears_its_number_beside_authorization_pending_in_both_dialects_and_is_not_slowed_down()
    {
        await using var host = await HostAsync();
        var (_, codes, _) = await ApprovedAsync(host);
        var number = await ShownAsync(host, codes);
        for (var poll = 0; poll < 3; poll++)
        {
            using var form = await host.Device().PollAsync(codes.DeviceCode);
            Assert.Equal((HttpStatusCode.BadRequest, $$"""{"error":"authorization_pending","match_number":{{number}}}"""), (form.StatusCode, await form.Content.ReadAsStringAsync()));
        }

        using var stranger = await host.Device().PollAsync(codes.DeviceCode, "radio");
        Assert.Equal("""{"error":"invalid_grant","error_description":"The device code is unknown, used, withdrawn, or of another client, or its approval has ended."}""", await stranger.Content.ReadAsStringAsync());

        using var init = await host.Device().PostJsonAsync("init", JsonStart(true));
        var json = StartedCodes.From(await init.JsonAsync());
        (await (await host.SignInAsync("alice")).DecideOnPageAsync(json.UserCode, "approve")).Dispose();
        using var answer = await host.Device().PollJsonAsync(json.DeviceCode);
        var body = await answer.JsonAsync();
        Assert.Equal(["detail", "error", "match_number"], body.EnumerateObject().Select(member => member.Name), StringComparer.Ordinal);
        Assert.Equal(("authorization_pending", "authorization_pending"), (body.String("detail"), body.String("error")));
        Assert.InRange(body.GetProperty("match_number").GetInt32(), 11, 99);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("false")]
    public async Task Where_it_is_always_compared_a_device_that_cannot_show_a_number_is_refused_at_init(string? says)
    {
        await using var host = await HostAsync();
        using var form = says is null
            ? await host.Device().PostFormAsync("init", ("client_id", "tv"))
            : await host.Device().PostFormAsync("init", ("client_id", "tv"), ("number_matching", says));
        Assert.Equal((HttpStatusCode.BadRequest, "unauthorized_client"), (form.StatusCode, await form.ErrorAsync()));
        using var json = await host.Device().PostJsonAsync("init", JsonStart(says is null ? null : false));
        Assert.Equal(
            (HttpStatusCode.Forbidden, "Only devices that can show a number (number_matching) are paired here."), (json.StatusCode, await json.DetailAsync()));
    }

    [Theory]
    [InlineData("1")]
    [InlineData("True")]
    [InlineData("yes")]
    [InlineData("true ")]
    [InlineData("true&number_matching=true")]
    public async Task A_device_says_true_or_false_and_nothing_else(string says)
    {
        await using var host = await TestHost.StartAsync();
        using var form = await host.Device().PostRawAsync("init", $"client_id=tv&number_matching={says}");
        Assert.Equal((HttpStatusCode.BadRequest, "invalid_request"), (form.StatusCode, await form.ErrorAsync()));
        using var json = await host.Device().PostJsonAsync("init", JsonStart(says));
        Assert.Equal(HttpStatusCode.UnprocessableEntity, json.StatusCode);
    }

    private static Task<TestHost> HostAsync() => TestHost.StartAsync(options => options.NumberMatching = NumberMatching.Always);

    private static object JsonStart(object? numberMatching) => new
    {
        client_device_identifier = "id-1",
        name = "TV",
        client = "grout",
        requested_scopes = new[] { "library.read" },
        number_matching = numberMatching,
    };

    private static async Task<StartedCodes> StartAsync(TestHost host)
    {
        using var init = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "library.read"), ("number_matching", "true"));
        return StartedCodes.From(await init.JsonAsync());
    }

    /// <summary>A pairing that alice approved, and the page that asks her for the number.</summary>
    private static async Task<(HttpClient Alice, StartedCodes Codes, string Page)> ApprovedAsync(TestHost host)
    {
        var codes = await StartAsync(host);
        var alice = await host.SignInAsync("alice");
        using var answer = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal((HttpStatusCode.OK, Question), (answer.StatusCode, await answer.TitleAsync()));
        return (alice, codes, await answer.HtmlAsync());
    }

    /// <summary>What the device shows.</summary>
    private static async Task<string> ShownAsync(TestHost host, StartedCodes codes)
    {
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        var body = await poll.JsonAsync();
        Assert.Equal("authorization_pending", body.String("error"));
        return body.GetProperty("match_number").GetRawText();
    }
}

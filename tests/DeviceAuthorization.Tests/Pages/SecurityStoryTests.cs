using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>What each security level makes of honest and of risky approvals, on the page and by JSON.</summary>
public sealed class SecurityStoryTests
{
    private const string Home = "203.0.113.7";
    private const string Elsewhere = "198.51.100.1";
    private const string Other = "The device asked from another network than yours.";
    private const string Unknown = "It is not clear whether the device is in your network.";
    private const string Link = "You came here by a link.";
    private const string Suspected = "Someone else has entered this code";
    private const string Policy = "Something about this request is unusual.";

    /// <summary>The addresses of the device and of the person at home: device, person.</summary>
    public static TheoryData<string, string> AtHome => new()
    {
        { Home, Home },
        { "2001:db8:1:2::a", "2001:db8:1:2::b" },
        { "192.168.1.20", "192.168.1.30" },
        { Home, "2001:db8:1:2::b" },
        { "none", Home },
        { Home, "none" },
        { "127.0.0.1", "127.0.0.1" },
    };

    [Theory, MemberData(nameof(AtHome))]
    public async Task A_first_pairing_at_home_takes_a_code_and_one_click_on_the_page(string device, string person)
    {
        await using var host = await HostAsync(SecurityLevel.Balanced);
        foreach (var byLink in new[] { false, true })
        {
            var codes = await StartAsync(host, device);
            var alice = await SignInAsync(host, "alice", person);
            if (byLink)
            {
                await alice.OpenLinkAsync(codes.Body.String("verification_uri_complete"));
            }

            var review = await alice.ReviewAsync(codes.UserCode);
            Assert.DoesNotContain("note bad", review, StringComparison.Ordinal);
            Assert.Equal(byLink && !IsSame(device, person) ? $"{Unknown}|{Link}" : "", Said(review));
            using var decided = await alice.PostDecisionAsync(review, "approve");
            Assert.Equal("Device approved", await decided.TitleAsync());
        }
    }

    [Theory, MemberData(nameof(AtHome))]
    public async Task A_first_pairing_at_home_takes_one_call_by_JSON(string device, string person)
    {
        await using var host = await HostAsync(SecurityLevel.Balanced);
        var codes = await StartAsync(host, device);
        using var approved = await (await SignInAsync(host, "alice", person)).ApproveAsync(codes.UserCode, "library.write");
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
    }

    [Fact]
    public async Task A_device_of_RomMs_is_approved_by_JSON_from_any_network_as_ever()
    {
        await using var host = await HostAsync(SecurityLevel.Balanced);
        for (var pairing = 0; pairing < 2; pairing++) // the second replaces the first
        {
            var codes = await Callers.From(host.Device(), Elsewhere).StartJsonAsync(scopes: ["library.read", "library.write"]);
            var alice = await SignInAsync(host, "alice", Home);
            (await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}")).EnsureSuccessStatusCode();
            using var approved = await alice.ApproveAsync(codes.UserCode, "library.read", "library.write");
            Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        }
    }

    [Theory]
    [InlineData(SecurityLevel.Relaxed, false, "", "Device approved")]
    [InlineData(SecurityLevel.Relaxed, true, "", "Device approved")]
    [InlineData(SecurityLevel.Balanced, false, Other, "Device approved")]
    [InlineData(SecurityLevel.Balanced, true, Other + "|" + Link, "Which number does your device show?")]
    [InlineData(SecurityLevel.Strict, false, Other, "Which number does your device show?")]
    public async Task From_another_network_the_page_says_why_it_asks_for_more(SecurityLevel level, bool byLink, string said, string title)
    {
        await using var host = await HostAsync(level);
        var codes = await StartAsync(host, Elsewhere, canShowNumber: true);
        var alice = await SignInAsync(host, "alice", Home);
        if (byLink)
        {
            await alice.OpenLinkAsync(codes.Body.String("verification_uri_complete"));
        }

        var review = await alice.ReviewAsync(codes.UserCode);
        Assert.Equal(said, Said(review));
        using var decided = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal(title, await decided.TitleAsync());
    }

    [Theory]
    [InlineData(SecurityLevel.Relaxed, true, HttpStatusCode.OK)]
    [InlineData(SecurityLevel.Balanced, true, HttpStatusCode.OK)]
    [InlineData(SecurityLevel.Strict, true, HttpStatusCode.Forbidden, "Approve this device on the page: its number must be compared.", "number_required")]
    [InlineData(SecurityLevel.Strict, false, HttpStatusCode.Forbidden, "Sign in again before you approve this device.", "insufficient_user_authentication")]
    public async Task From_another_network_JSON_is_told_what_to_do(SecurityLevel level, bool canShowNumber, HttpStatusCode status, string? detail = null, string? error = null)
    {
        await using var host = await HostAsync(level);
        var alice = await SignInAsync(host, "alice", Home);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await StartAsync(host, Elsewhere, canShowNumber);
        using var approved = await alice.ApproveAsync(codes.UserCode, "library.write");
        Assert.Equal(status, approved.StatusCode);
        var answer = await approved.JsonAsync();
        Assert.Equal(detail, answer.TryGetProperty("detail", out var said) ? said.GetString() : null);
        Assert.Equal(error, answer.TryGetProperty("error", out var word) ? word.GetString() : null);
    }

    [Fact]
    public async Task Where_the_number_cannot_be_compared_strict_asks_for_a_new_sign_in_and_then_warns()
    {
        await using var host = await HostAsync(SecurityLevel.Strict);
        var alice = await SignInAsync(host, "alice", Home);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await StartAsync(host, Elsewhere);
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        using var challenged = await alice.GoOnAsync(await alice.EnterCodeAsync(codes.UserCode));
        Assert.Equal(HttpStatusCode.Redirect, challenged.StatusCode);
        (await alice.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        var review = await alice.GetStringAsync(Browser.Review);
        Assert.Equal(Other, Said(review));
        using var decided = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal("Device approved", await decided.TitleAsync());
    }

    [Fact]
    public async Task Strict_gives_out_no_link_and_takes_no_code_of_one_unless_the_client_allows_it()
    {
        await using var host = await HostAsync(SecurityLevel.Strict);
        var typed = await StartAsync(host, Home);
        Assert.False(typed.Body.TryGetProperty("verification_uri_complete", out _));
        var alice = await SignInAsync(host, "alice", Home);
        await alice.OpenLinkAsync($"{Browser.Page}?user_code={typed.UserCode}");
        Assert.Contains("For this app, a link is not enough.", await alice.ReviewAsync(typed.UserCode), StringComparison.Ordinal);
        Assert.Contains("Approve this device?", await alice.ReviewAsync(typed.UserCode), StringComparison.Ordinal);
        Assert.NotNull((await host.Device().StartAsync("linked")).Body.String("verification_uri_complete"));
    }

    [Fact]
    public async Task Strict_lets_fewer_devices_of_one_address_wait()
    {
        await using var host = await HostAsync(SecurityLevel.Strict, options => (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute) = (true, 100));
        for (var start = 0; start < 20; start++)
        {
            await host.Device().StartAsync();
        }

        using var another = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(HttpStatusCode.TooManyRequests, another.StatusCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_code_that_somebody_else_entered_before_is_named_at_every_look_and_the_number_compared(bool enteredTwice)
    {
        await using var host = await HostAsync(SecurityLevel.Balanced);
        var codes = await StartAsync(host, Home, canShowNumber: true);
        await (await SignInAsync(host, "bob", Home)).ReviewAsync(codes.UserCode);
        host.Clock.Advance(Pairing.ClaimLifetime);
        var alice = await SignInAsync(host, "alice", Home);
        Assert.Equal(Suspected, Said(await alice.ReviewAsync(codes.UserCode)));
        if (enteredTwice)
        {
            await alice.ReviewAsync(codes.UserCode);
        }

        var reloaded = await alice.GetStringAsync(Browser.Review);
        Assert.Equal(Suspected, Said(reloaded));
        Assert.Contains("note bad", reloaded, StringComparison.Ordinal);
        using var decided = await alice.PostDecisionAsync(reloaded, "approve");
        Assert.Equal("Which number does your device show?", await decided.TitleAsync());
    }

    [Fact]
    public async Task A_device_that_would_replace_another_from_elsewhere_shows_its_number_unless_it_is_added_as_a_new_one()
    {
        await using var host = await HostAsync(SecurityLevel.Balanced);
        var alice = await SignInAsync(host, "alice", Home);
        var first = await StartAsync(host, Home, identifier: "console-1");
        (await alice.ApproveAsync(first.UserCode, "library.write")).EnsureSuccessStatusCode();
        var second = await StartAsync(host, Elsewhere, canShowNumber: true, identifier: "console-1");
        using var replacing = await alice.ApproveAsync(second.UserCode, "library.write");
        Assert.Equal(HttpStatusCode.Forbidden, replacing.StatusCode);
        using var added = await alice.PostJsonAsync("approve", new { user_code = second.UserCode, approved_scopes = (string[])["library.write"], as_new_device = true });
        Assert.Equal(HttpStatusCode.OK, added.StatusCode);
    }

    [Fact]
    public async Task The_more_severe_of_the_hosts_policy_and_the_rule_counts_and_both_are_said()
    {
        var policy = new TestPolicy { Risk = ApprovalRisk.Warn };
        await using var host = await HostAsync(SecurityLevel.Balanced, policy: policy);
        var codes = await StartAsync(host, Elsewhere);
        var alice = await SignInAsync(host, "alice", Home);
        var review = await alice.ReviewAsync(codes.UserCode);
        Assert.Equal($"{Policy}|{Other}", Said(review));
        policy.Risk = ApprovalRisk.Block;
        using var blocked = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal("Stopped for your safety", await blocked.TitleAsync());
    }

    [Fact]
    public async Task A_step_up_of_the_hosts_policy_is_not_replaced_by_a_number()
    {
        await using var host = await HostAsync(SecurityLevel.Strict, policy: new TestPolicy { Risk = ApprovalRisk.StepUp });
        var alice = await SignInAsync(host, "alice", Home);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        var codes = await StartAsync(host, Elsewhere, canShowNumber: true);
        using var before = await alice.ApproveAsync(codes.UserCode, "library.write");
        Assert.Equal("Sign in again before you approve this device.", await before.DetailAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        (await alice.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        using var after = await alice.ApproveAsync(codes.UserCode, "library.write");
        Assert.Equal("Approve this device on the page: its number must be compared.", await after.DetailAsync());
    }

    [Fact]
    public async Task Listeners_and_the_log_learn_the_verdict_and_its_reasons()
    {
        var events = new RecordedEvents();
        await using var host = await HostAsync(SecurityLevel.Balanced, events: events);
        var alice = await SignInAsync(host, "alice", Home);
        (await alice.ApproveAsync((await StartAsync(host, Home)).UserCode, "library.write")).EnsureSuccessStatusCode();
        (await alice.ApproveAsync((await StartAsync(host, Elsewhere)).UserCode, "library.write")).EnsureSuccessStatusCode();
        var codes = await StartAsync(host, Elsewhere, canShowNumber: true);
        await alice.OpenLinkAsync(codes.Body.String("verification_uri_complete"));
        using var asked = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        (await alice.PostNumberAsync(await asked.HtmlAsync(), (await poll.JsonAsync()).GetProperty("match_number").GetRawText())).Dispose();

        var approved = events.All.OfType<PairingEvent.Approved>().ToArray();
        Assert.Equal([ApprovalRisk.None, ApprovalRisk.Warn, null], approved.Select(each => each.Risk));
        Assert.Equal([RiskReason.OtherNetwork], approved[1].Reasons);
        var started = Assert.Single(events.All.OfType<PairingEvent.NumberMatchingStarted>());
        Assert.Equal(ApprovalRisk.MatchNumber, started.Risk);
        Assert.Equal([RiskReason.OtherNetwork, RiskReason.Link], started.Reasons);
        var lines = host.Logs.GetSnapshot().Where(entry => entry.Id.Id is 4 or 26 or 27).Select(entry => entry.Message[entry.Message.IndexOfAny([':', ','])..]);
        Assert.Equal(
            [
                ": device \"tv\", client \"tv\", network 203.0.113.0/24, scopes library.write. Risk: None.",
                ": device \"tv\", client \"tv\", network 198.51.100.0/24, scopes library.write. Risk: Warn (OtherNetwork).",
                ", who must still choose the number that the device shows. Risk: MatchNumber (OtherNetwork, Link).",
                ": device \"tv\", client \"tv\", network 198.51.100.0/24, scopes library.write.",
            ],
            lines,
            StringComparer.Ordinal);
    }

    private static Task<TestHost> HostAsync(
        SecurityLevel level, Action<DeviceAuthorizationOptions>? configure = null, IPairingPolicy? policy = null, IPairingEvents? events = null) => TestHost.StartAsync(
        options =>
        {
            options.Security = level;
            if (level == SecurityLevel.Strict)
            {
                options.Clients["tv"] = new DeviceClient();
                options.Clients["linked"] = new DeviceClient { AllowLink = true };
            }

            configure?.Invoke(options);
        },
        services =>
        {
            services.AddSingleton<IStartupFilter>(new Callers());
            if (policy is not null)
            {
                services.AddSingleton(policy);
            }

            if (events is not null)
            {
                services.AddSingleton(events);
            }
        });

    private static async Task<HttpClient> SignInAsync(TestHost host, string user, string address) => Callers.From(await host.SignInAsync(user), address);

    /// <summary>A device asks to change the library.</summary>
    private static async Task<StartedCodes> StartAsync(TestHost host, string address, bool canShowNumber = false, string? identifier = null)
    {
        (string, string)[] form =
        [
            ("client_id", "tv"),
            ("scope", "library.write"),
            ("number_matching", canShowNumber ? "true" : "false"),
            .. identifier is null ? [] : ((string, string)[])[("client_device_identifier", identifier)],
        ];
        using var init = await Callers.From(host.Device(), address).PostFormAsync("init", form);
        Assert.Equal(HttpStatusCode.OK, init.StatusCode);
        return StartedCodes.From(await init.JsonAsync());
    }

    private static bool IsSame(string device, string person) => Network.Compare(device, person) == NetworkComparison.Same;

    /// <summary>The reasons that a review says, in order.</summary>
    private static string Said(string review) => string.Join('|', ((string[])[Policy, Suspected, Other, Unknown, Link])
        .Where(reason => review.Contains($"\">{reason}", StringComparison.Ordinal))
        .OrderBy(reason => review.IndexOf($"\">{reason}", StringComparison.Ordinal)));
}

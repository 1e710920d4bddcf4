using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>How often user codes are guessed: on the page and by JSON, right or wrong, before anything is looked up.</summary>
public sealed class CodeEntryLimitTests
{
    private static readonly string[] Wrong = ["BBBB-BBBB", "BBBB-BBBC", "BBBB-BBBD", "BBBB-BBBF", "BBBB-BBBG", "BBBB-BBBH", "BBBB-BBBJ"];

    [Fact]
    [Trait("Row", "ADV-03")]
    [Trait("Row", "Input-80")]
    public async Task After_five_codes_on_the_page_the_sixth_is_not_looked_up_though_it_is_right()
    {
        var store = new CountingStore();
        await using var host = await StartAsync(services: store.Use);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var wrong in Wrong[..5])
        {
            using var unknown = await alice.EnterCodeAsync(wrong);
            Assert.Contains("This code is not known here.", await unknown.HtmlAsync(), StringComparison.Ordinal);
        }

        var before = store.LookUps;
        using var sixth = await alice.EnterCodeAsync(codes.UserCode);
        using var another = await alice.EnterCodeAsync(Wrong[5]);
        Assert.Equal(before, store.LookUps);
        Assert.Equal((HttpStatusCode.TooManyRequests, "Too many attempts"), (sixth.StatusCode, await sixth.TitleAsync()));
        Assert.Equal(await sixth.Content.ReadAsStringAsync(), await another.Content.ReadAsStringAsync()); // does not say whether it was right
        Assert.Matches("""<dt>Time left</dt><dd><span data-left="\d+">10 minutes</span></dd>""", await sixth.HtmlAsync());
        Assert.InRange(sixth.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromMinutes(9), TimeSpan.FromMinutes(10.5));

        host.Clock.Advance(sixth.Headers.RetryAfter.Delta.Value);
        using var later = await alice.EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal("Approve this device?", await later.TitleAsync());
    }

    [Fact]
    [Trait("Row", "ADV-17")]
    public async Task A_right_code_gives_nothing_back()
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var right = await alice.EnterCodeAsync((await host.Device().StartAsync()).UserCode);
            Assert.Equal("Approve this device?", await right.TitleAsync());
        }

        using var sixth = await alice.EnterCodeAsync(Wrong[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, sixth.StatusCode);
    }

    [Fact]
    public async Task What_cannot_be_a_code_is_not_counted()
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        for (var attempt = 0; attempt < 10; attempt++)
        {
            using var mistyped = await alice.EnterCodeAsync("BCD-FG");
            Assert.Equal(HttpStatusCode.OK, mistyped.StatusCode);
        }

        using var right = await alice.EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal("Approve this device?", await right.TitleAsync());
    }

    [Fact]
    public async Task The_review_and_the_decision_are_no_further_attempts()
    {
        await using var host = await StartAsync(limits => limits.CodesPerUser = 1);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var review = await alice.EnterCodeAsync(codes.UserCode);
        using var again = await alice.EnterCodeAsync(codes.UserCode); // and who holds the ticket may enter it again
        Assert.Equal("Approve this device?", await again.TitleAsync());
        using var approved = await alice.PostDecisionAsync(await review.HtmlAsync(), "approve");
        Assert.Equal("Device approved", await approved.TitleAsync());
    }

    [Fact]
    public async Task By_JSON_a_look_up_and_its_decision_are_one_attempt_and_without_the_cookie_two()
    {
        await using var host = await StartAsync(limits => limits.CodesPerUser = 2);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var pending = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        using var approved = await alice.ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), (pending.StatusCode, approved.StatusCode));

        var second = await host.Device().StartAsync();
        using var denied = await alice.DenyAsync(second.UserCode);
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
        foreach (var call in new Func<Task<HttpResponseMessage>>[]
        {
            () => alice.GetAsync($"{Wire.Prefix}/pending/{Wrong[0]}"), () => alice.ApproveAsync(Wrong[0]), () => alice.DenyAsync(Wrong[0]),
        })
        {
            using var stopped = await call();
            Assert.Equal((HttpStatusCode.TooManyRequests, "Too many attempts. Try again later."), (stopped.StatusCode, await stopped.DetailAsync()));
            Assert.NotNull(stopped.Headers.RetryAfter);
        }
    }

    [Theory]
    [Trait("Row", "T-33")]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Origin", "https://evil.example")]
    public async Task Another_site_cannot_use_a_persons_limit_up(string header, string value)
    {
        await using var host = await StartAsync(limits => limits.CodesPerUser = 1);
        var alice = await host.SignInAsync("alice");
        using (var request = new HttpRequestMessage(HttpMethod.Get, $"{Wire.Prefix}/pending/{Wrong[0]}"))
        {
            request.Headers.Add(header, value);
            using var refused = await alice.SendAsync(request);
            Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        }

        using var own = await alice.EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal("Approve this device?", await own.TitleAsync());
    }

    [Fact]
    public async Task A_ticket_of_another_user_or_code_opens_nothing()
    {
        await using var host = await StartAsync(limits => limits.CodesPerUser = 1);
        var codes = await host.Device().StartAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        using var looked = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        var cookie = Assert.Single(looked.Headers.GetValues("Set-Cookie"), value => value.StartsWith("da.code=", StringComparison.Ordinal)).Split(';')[0];
        using var other = await alice.DenyAsync(Wrong[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, other.StatusCode);
        using var used = await bob.GetAsync($"{Wire.Prefix}/pending/{Wrong[0]}");
        bob.DefaultRequestHeaders.Add("Cookie", cookie);
        using var replayed = await bob.DenyAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, replayed.StatusCode);
    }

    [Fact]
    public async Task Whoever_keeps_guessing_is_held_back_for_the_day()
    {
        await using var host = await StartAsync(limits => (limits.CodesPerUser, limits.CodesPerUserAndDay) = (2, 4));
        var alice = await host.SignInAsync("alice");
        for (var round = 0; round < 2; round++)
        {
            (await alice.EnterCodeAsync(Wrong[0])).EnsureSuccessStatusCode();
            (await alice.EnterCodeAsync(Wrong[1])).EnsureSuccessStatusCode();
            host.Clock.Advance(TimeSpan.FromMinutes(11));
        }

        using var held = await alice.EnterCodeAsync(Wrong[2]);
        Assert.Equal(HttpStatusCode.TooManyRequests, held.StatusCode);
        Assert.InRange(held.Headers.RetryAfter!.Delta!.Value, TimeSpan.FromHours(23), TimeSpan.FromHours(25));
    }

    [Fact]
    public async Task An_address_is_limited_whoever_guesses()
    {
        await using var host = await StartAsync(limits => limits.CodesPerAddress = 3);
        foreach (var user in new[] { "a", "b", "c" })
        {
            (await (await host.SignInAsync(user)).EnterCodeAsync(Wrong[0])).EnsureSuccessStatusCode();
        }

        using var fourth = await (await host.SignInAsync("d")).EnterCodeAsync(Wrong[0]);
        Assert.Equal(HttpStatusCode.TooManyRequests, fourth.StatusCode);
    }

    [Fact]
    [Trait("Row", "T-33")]
    public async Task Whoever_burns_the_budget_of_all_stops_nobody_but_is_told_of()
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(limits => limits.CodesInAll = 3, services => services.AddSingleton<IPairingEvents>(events));
        await BurnAsync(host);
        var codes = await host.Device().StartAsync();
        using var honest = await (await host.SignInAsync("honest")).EnterCodeAsync(codes.UserCode);
        Assert.Equal("Approve this device?", await honest.TitleAsync());
        Assert.Equal(new PairingEvent.LimitReached("codes-in-all", "all"), Assert.Single(events.All.OfType<PairingEvent.LimitReached>()));
    }

    [Fact]
    [Trait("Row", "T-33")]
    public async Task Beyond_it_the_challenge_of_the_host_is_to_be_passed_on_the_page_and_by_JSON()
    {
        await using var host = await StartAsync(limits => limits.CodesInAll = 3, services => services.AddScoped<ICodeEntryChallenge, Captcha>());
        var codes = await host.Device().StartAsync();
        var honest = await host.SignInAsync("honest");
        using var form = await honest.GetAsync(Browser.Page);
        await BurnAsync(host);
        using var asked = await honest.PostPageAsync(Browser.Page, ("__RequestVerificationToken", Browser.Antiforgery(await form.HtmlAsync())), ("user_code", codes.UserCode));
        Assert.Equal("/captcha", asked.Headers.Location!.ToString());
        using var json = await honest.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal((HttpStatusCode.Forbidden, "captcha"), (json.StatusCode, await json.DetailAsync()));

        honest.DefaultRequestHeaders.Add("X-Solved", "yes");
        using var passed = await honest.EnterCodeAsync(codes.UserCode);
        Assert.Equal("Approve this device?", await passed.TitleAsync());
    }

    [Fact]
    public async Task Where_the_host_wants_it_everybody_is_stopped()
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(limits => (limits.CodesInAll, limits.StopOverCodesInAll) = (3, true), services => services.AddSingleton<IPairingEvents>(events));
        await BurnAsync(host);
        using var honest = await (await host.SignInAsync("honest")).EnterCodeAsync((await host.Device().StartAsync()).UserCode);
        Assert.Equal(HttpStatusCode.TooManyRequests, honest.StatusCode);
        Assert.Equal(new PairingEvent.LimitReached("codes-in-all", "all"), Assert.Single(events.All.OfType<PairingEvent.LimitReached>()));
    }

    [Fact]
    public async Task A_limit_is_told_once_in_a_while_and_says_whom_it_held_back()
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(limits => limits.CodesPerUser = 1, services => services.AddSingleton<IPairingEvents>(events));
        var alice = await host.SignInAsync("alice");
        for (var attempt = 0; attempt < 4; attempt++)
        {
            using var answer = await alice.EnterCodeAsync(Wrong[attempt]);
        }

        Assert.Equal(new PairingEvent.LimitReached("code", "alice"), Assert.Single(events.All.OfType<PairingEvent.LimitReached>()));
        host.Clock.Advance(TimeSpan.FromMinutes(11));
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var answer = await alice.EnterCodeAsync(Wrong[attempt]);
        }

        Assert.Equal(2, events.All.OfType<PairingEvent.LimitReached>().Count());
    }

    private static Task<TestHost> StartAsync(Action<DeviceRateLimits>? configure = null, Action<IServiceCollection>? services = null) => TestHost.StartAsync(
        options =>
        {
            options.RateLimits = new() { StartsPerMinute = 1000 };
            configure?.Invoke(options.RateLimits);
        },
        services);

    private static async Task BurnAsync(TestHost host)
    {
        var attacker = await host.SignInAsync("attacker");
        foreach (var wrong in Wrong[..3])
        {
            (await attacker.EnterCodeAsync(wrong)).EnsureSuccessStatusCode();
        }
    }

    private sealed class Captcha : ICodeEntryChallenge
    {
        public ValueTask<IResult?> ChallengeAsync(HttpContext context) =>
            ValueTask.FromResult(context.Request.Headers.ContainsKey("X-Solved") ? null
                : context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal) ? Results.Json(new { detail = "captcha" }, statusCode: 403)
                : Results.Redirect("/captcha"));
    }

    private sealed class CountingStore
    {
        private int _lookUps;

        public int LookUps => _lookUps;

        public void Use(IServiceCollection services) => services.AddSingleton<IPairingStore>(provider =>
        {
            var inner = ActivatorUtilities.CreateInstance<InMemoryPairingStore>(provider);
            return new InterceptedPairingStore(inner)
            {
                Passing = (member, after) =>
                {
                    _lookUps += member == nameof(IPairingStore.FindByUserCodeAsync) && !after ? 1 : 0;
                    return Task.CompletedTask;
                },
            };
        });
    }
}

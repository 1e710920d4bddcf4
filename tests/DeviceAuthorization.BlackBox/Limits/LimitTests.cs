using System.Globalization;

namespace DeviceAuthorization.BlackBox;

/// <summary>Rate limits: starts (row 43), wrong user codes (row 80) and unknown device codes.</summary>
public abstract class LimitTests(Store store)
{
    private const string Grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";

    [SkippableFact]
    [Trait("Row", "43")]
    public async Task The_eleventh_start_in_a_minute_of_one_address_is_429_whatever_it_says_its_address_is()
    {
        var (host, waiting) = await store.LimitedAsync();
        Answer[] answers = [];
        for (var i = 0; i < 11 && answers is not [.., { Status: 429 }]; i++)
        {
            var address = $"203.0.113.{i.ToString(CultureInfo.InvariantCulture)}";
            answers = [.. answers, await host.Client.CallAsync("POST", Host.Init, "client_id=tv", headers: [("X-Forwarded-For", address), ("X-Real-IP", address), ("Forwarded", "for=" + address)])];
        }

        Assert.All(answers[..^1], answer => answer.Is(200));
        Assert.InRange(answers.Length, 7, 11); // the pairings that wait for the other rows were started within the same minute, or not
        Assert.NotNull(answers[^1].Refuses(429, "slow_down").Header("Retry-After"));
        Assert.Equal("authorization_pending", await host.Client.StateAsync(waiting[0])); // a poll is not throttled by it
    }

    [SkippableFact]
    [Trait("Row", "80")]
    public async Task After_five_wrong_codes_the_right_one_is_blocked_as_a_wrong_one_is()
    {
        var (host, waiting) = await store.LimitedAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var last in "BCDFG")
        {
            (await alice.EnterAsync("BBBB-BBB" + last)).IsGeneric();
        }

        var (right, wrong) = ((await alice.EnterAsync(waiting[1].UserCode)).Is(429).IsPage(), (await alice.EnterAsync("BBBB-BBBH")).Is(429).IsPage());
        Assert.Equal(wrong.Scrubbed(), right.Scrubbed());
        Assert.NotNull(right.Header("Retry-After"));
        await (await host.SignInAsync("carol")).ReviewAsync(waiting[1]); // the limit is alice's, and nobody has claimed it
    }

    [SkippableFact]
    [Trait("Row", "80")]
    public async Task By_the_API_it_is_the_same()
    {
        var (host, waiting) = await store.LimitedAsync();
        var bob = await host.SignInAsync("bob");
        foreach (var last in "BCDFG")
        {
            (await bob.CallAsync("GET", $"{Host.Auth}/pending/BBBB-BBB{last}")).Refuses(404, null);
        }

        foreach (var code in (string[])[waiting[2].UserCode, "BBBB-BBBH"])
        {
            foreach (var answer in (Answer[])[
                await bob.CallAsync("GET", $"{Host.Auth}/pending/{code}"),
                await bob.ApproveAsync(waiting[2] with { UserCode = code }),
                await bob.DenyAsync(waiting[2] with { UserCode = code }),
            ])
            {
                Assert.Equal("Too many attempts. Try again later.", answer.Refuses(429, null, code).Text("detail"));
                Assert.NotNull(answer.Header("Retry-After"));
            }
        }
    }

    [SkippableFact]
    [Trait("Row", "53")]
    public async Task Too_many_unknown_device_codes_are_429_and_a_known_one_never_is()
    {
        var (host, waiting) = await store.LimitedAsync();
        for (var i = 0; i < 20; i++)
        {
            (await UnknownAsync(i)).Refuses(400, "invalid_grant");
        }

        Assert.NotNull((await UnknownAsync(20)).Refuses(429, "slow_down").Header("Retry-After"));
        Assert.Equal(["authorization_pending", "slow_down", "slow_down"], [await StateAsync(), await StateAsync(), await StateAsync()]);

        Task<Answer> UnknownAsync(int i) => host.Client.CallAsync(
            "POST", Host.Token, $"{Grant}&client_id=tv&device_code={i.ToString(CultureInfo.InvariantCulture).PadLeft(43, 'a')}");

        Task<string> StateAsync() => host.Client.StateAsync(waiting[3]);
    }
}

namespace DeviceAuthorization.BlackBox;

/// <summary>The store fails and recovers (row 73). The memory of a process cannot fail.</summary>
public abstract class OutageTests(Store store)
{
    [SkippableFact]
    [Trait("Row", "73")]
    public async Task While_the_store_fails_a_poll_is_503_and_slow_down_and_later_it_succeeds()
    {
        var (host, storage) = (await store.MainAsync(), await store.MainStorageAsync());
        var codes = await host.Client.StartAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes)).Is(200);

        await storage.BreakPairingsAsync(); // on look-up
        try
        {
            await UnavailableAsync(() => host.Client.PollAsync(codes), "slow_down");
            await UnavailableAsync(() => host.Client.CallAsync("POST", Host.Init, "client_id=tv"), null);
        }
        finally
        {
            await storage.MendPairingsAsync(); // other rows use it, too
        }

        await storage.BreakTokensAsync(); // on redeem
        try
        {
            await UnavailableAsync(() => host.Client.PollAsync(codes), "slow_down");
        }
        finally
        {
            await storage.MendTokensAsync();
        }

        var answer = await host.Client.PollAsync(codes);
        for (var retry = 0; answer.Status == 503 && retry < 10; retry++) // Redis's client takes a moment to come back
        {
            using var interval = new PeriodicTimer(TimeSpan.FromSeconds(1));
            await interval.WaitForNextTickAsync();
            answer = await host.Client.PollAsync(codes);
        }

        var token = answer.Is(200).Text("access_token")!;
        (await host.Client.WithBearerAsync(token)).Is(200);
    }

    private static async Task UnavailableAsync(Func<Task<Answer>> ask, string? error)
    {
        var answer = (await ask()).Refuses(503, error);
        Assert.NotNull(answer.Header("Retry-After"));
    }
}

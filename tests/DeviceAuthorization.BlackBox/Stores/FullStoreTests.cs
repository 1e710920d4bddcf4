namespace DeviceAuthorization.BlackBox;

/// <summary>A full store (row 44). Only the store in memory has a limit: databases and Redis are full when their disk or memory is.</summary>
public sealed class FullStoreTests
{
    [SkippableFact]
    [Trait("Row", "44")]
    public async Task A_full_store_refuses_new_pairings_and_keeps_the_old()
    {
        Skip.IfNot(Store.External is null, "Needs a host whose store holds two pairings.");
        await using var process = await HostProcess.StartAsync(
            HostProgram.BlackBoxHost,
            "Development",
            [
                .. new MemoryStorage().Settings(HostProgram.BlackBoxHost),
                "--DeviceAuthorization:MaxLivePairings=2",
                "--DeviceAuthorization:RateLimits:Enabled=false",
            ]);
        var host = new Host(process.Address);
        var (first, second) = (await host.Client.StartAsync(), await host.Client.StartAsync());
        for (var i = 0; i < 3; i++)
        {
            Assert.NotNull((await host.Client.CallAsync("POST", Host.Init, "client_id=tv")).Refuses(503, null).Header("Retry-After"));
        }

        var alice = await host.SignInAsync("alice");
        foreach (var codes in (Codes[])[first, second])
        {
            (await alice.ApproveAsync(codes)).Is(200);
            (await host.Client.PollAsync(codes)).Is(200);
        }
    }
}

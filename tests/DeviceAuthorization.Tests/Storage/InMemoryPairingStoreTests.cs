using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit.Abstractions;

namespace DeviceAuthorization.Tests;

/// <summary>Memory is measured here, so nothing else runs at the same time.</summary>
[CollectionDefinition(nameof(InMemoryPairingStoreTests), DisableParallelization = true)]
public sealed class RunsAlone;

/// <summary>The bounds of the in-memory store (T-17).</summary>
[Collection(nameof(InMemoryPairingStoreTests))]
public sealed class InMemoryPairingStoreTests(ITestOutputHelper output)
{
    [Fact]
    public async Task A_flood_of_starts_never_outgrows_the_bound_and_an_honest_pairing_among_them_completes()
    {
        const int Max = 1000;
        var flow = new TestFlow(options => options.MaxLivePairings = Max);
        var stored = new List<string>();
        StartResult.Started? honest = null;
        var refused = 0;
        for (var i = 0; i < 1_000_000; i++)
        {
            if (i % 1_000 == 0)
            {
                flow.Clock.Advance(TimeSpan.FromSeconds(1)); // 1000 seconds in all: the first ones expire on the way
            }

            if (i % 10_000 == 0)
            {
                Assert.InRange(await PresentAsync(flow, stored), 0, 2 * Max);
            }

            switch (await flow.TryStartAsync())
            {
                case StartResult.Started started when honest is null:
                    honest = started;
                    break;
                case StartResult.Unavailable:
                    refused++;
                    break;
            }

            if (i == 500_000)
            {
                Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(honest!));
                await flow.ApproveAsync(honest!);
                await flow.RedeemAsync(honest!);
            }
        }

        Assert.InRange(await PresentAsync(flow, stored), 1, 2 * Max);
        Assert.InRange(refused, 990_000, 999_000); // full nearly all the time, and yet open again after the first ones
    }

    [Fact]
    public async Task Used_up_pairings_are_bounded_too_and_the_oldest_go_first()
    {
        const int Max = 100;
        var flow = new TestFlow(options => options.MaxLivePairings = Max);
        var stored = new List<string>();
        var oldest = await flow.StartAsync();
        await flow.DenyAsync(oldest);
        for (var i = 0; i < 20 * Max; i++)
        {
            if (i % Max == Max / 2)
            {
                flow.Clock.Advance(TimeSpan.FromSeconds(2));
            }

            var codes = await flow.StartAsync();
            await flow.DenyAsync(codes);
            Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
        }

        Assert.InRange(await PresentAsync(flow, stored), Max, 2 * Max);
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(oldest));
    }

    [Fact]
    public async Task Pairings_leave_by_themselves_after_retention_without_any_traffic()
    {
        var flow = new TestFlow();
        for (var i = 0; i < 10; i++)
        {
            await flow.StartAsync();
        }

        flow.Clock.Advance(TimeSpan.FromMinutes(10) + Pairing.Retention - TimeSpan.FromMilliseconds(1));
        Assert.Equal(10, await PresentAsync(flow, []));
        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await PresentAsync(flow, []));
    }

    [Fact]
    public async Task A_live_pairing_is_never_evicted_whatever_its_status()
    {
        var flow = new TestFlow(options => options.MaxLivePairings = 3);
        var (pending, approved) = (await flow.StartAsync(), await flow.StartAsync());
        await flow.ApproveAsync(approved);
        for (var second = 0; second < 599; second++)
        {
            flow.Clock.Advance(TimeSpan.FromSeconds(1));
            await flow.DenyAsync(await flow.StartAsync()); // the one place left, over and over
        }

        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(pending));
        await flow.RedeemAsync(approved);
    }

    [Fact]
    public async Task A_sweep_and_a_removal_at_the_same_time_do_not_harm_each_other()
    {
        const int Max = 1000;
        for (var round = 0; round < 10; round++)
        {
            var clock = new FakeTimeProvider(TestData.Start);
            using var store = new InMemoryPairingStore(Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = Max }), clock);
            for (var i = 0; i < 2 * Max; i++)
            {
                clock.Advance(i == Max ? TimeSpan.FromSeconds(1) : TimeSpan.Zero); // room again, for the first half is used up
                Assert.Equal(PairingAddition.Added, await store.TryAddAsync(TestData.NewPairing() with { Status = PairingStatus.Denied, Device = new() { Name = "TV" } }, default));
            }

            using var together = new Barrier(2);
            var removals = Task.Run(async () =>
            {
                together.SignalAndWait();
                for (var i = 0; i < Max / 2; i++)
                {
                    await store.RemoveExpiredAsync(DateTimeOffset.MaxValue, 1, default);
                }
            });
            together.SignalAndWait();
            clock.Advance(TimeSpan.FromMinutes(1)); // the sweep finds too many used ones; what it throws comes out here
            await removals;
        }
    }

    [Fact]
    public async Task A_pending_pairing_takes_little_memory()
    {
        const int Count = 20_000;
        var flow = new TestFlow(options => options.MaxLivePairings = Count + 1_000);
        for (var i = 0; i < 1_000; i++) // what is made once
        {
            await flow.StartAsync();
        }

        flow.Store.Added.Clear();
        var before = LiveMemory.Bytes();
        for (var i = 0; i < Count; i++)
        {
            await flow.StartAsync();
        }

        flow.Store.Added.Clear();
        var bytes = (LiveMemory.Bytes() - before) / Count;
        output.WriteLine($"{bytes} bytes per pending pairing");
        Assert.InRange(bytes, 200, 1_500);
        GC.KeepAlive(flow);
    }

    /// <summary>How many of the pairings that were ever added the store still holds.</summary>
    private static async Task<int> PresentAsync(TestFlow flow, List<string> stored)
    {
        while (flow.Store.Added.TryDequeue(out var added))
        {
            stored.Add(added.UserCodeHash);
        }

        var present = new List<string>();
        foreach (var hash in stored)
        {
            if (await flow.Store.FindByUserCodeAsync(hash, default) is not null)
            {
                present.Add(hash);
            }
        }

        stored.Clear();
        stored.AddRange(present);
        return present.Count;
    }
}

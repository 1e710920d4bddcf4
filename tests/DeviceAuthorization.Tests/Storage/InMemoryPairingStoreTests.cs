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
        const int Max = 100;
        var flow = new TestFlow(options => options.MaxLivePairings = Max);
        var stored = new List<string>();
        StartResult.Started? honest = null;
        var refused = 0;
        for (var i = 0; i < 1_000 * Max; i++)
        {
            if (i % Max == 0)
            {
                flow.Clock.Advance(TimeSpan.FromSeconds(1)); // 1000 seconds in all: the first ones expire on the way
            }

            if (i % (10 * Max) == 0)
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

            if (i == 500 * Max)
            {
                Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(honest!));
                await flow.ApproveAsync(honest!);
                await flow.RedeemAsync(honest!);
            }
        }

        Assert.InRange(await PresentAsync(flow, stored), 1, 2 * Max);
        Assert.InRange(refused, 990 * Max, 999 * Max); // full nearly all the time, and yet open again after the first ones
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
    public async Task A_pairing_that_an_approval_lets_live_longer_holds_its_place_until_then()
    {
        var flow = new TestFlow(options => options.MaxLivePairings = 1);
        var codes = await flow.StartAsync();
        flow.Clock.Advance(codes.ExpiresIn - TimeSpan.FromMilliseconds(1));
        await flow.ApproveAsync(codes);
        flow.Clock.Advance(Pairing.LeastRedeemTime - TimeSpan.FromMilliseconds(1));
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
        Assert.IsType<StartResult.Started>(await flow.TryStartAsync());
    }

    [Fact]
    public async Task A_place_is_free_at_once_when_its_pairing_is_denied_or_redeemed()
    {
        var flow = new TestFlow(options => options.MaxLivePairings = 1);
        for (var round = 0; round < 5; round++)
        {
            await flow.DenyAsync(await flow.StartAsync());
            var codes = await flow.StartAsync();
            Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
            await flow.ApproveAsync(codes);
            Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
            await flow.RedeemAsync(codes);
        }
    }

    [Fact]
    public async Task There_are_never_more_than_twice_as_many_as_may_live_and_the_dead_that_expire_last_are_still_known()
    {
        const int Max = 100;
        var flow = new TestFlow(options => options.MaxLivePairings = Max);
        var stored = new List<string>();
        var last = new Queue<StartResult.Started>();
        for (var i = 0; i < 5 * Max; i++)
        {
            var codes = await flow.StartAsync();
            await flow.DenyAsync(codes);
            last.Enqueue(codes);
            flow.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(await PresentAsync(flow, stored), 1, 2 * Max);
            if (last.Count > Max)
            {
                last.Dequeue();
            }
        }

        foreach (var codes in last)
        {
            Assert.Equal(PairingError.AccessDenied, await flow.RefusedAsync(codes));
        }
    }

    /// <summary>So that no start waits for others to be cleaned up.</summary>
    [Fact]
    public async Task A_start_cleans_up_only_a_little_and_a_sweep_the_rest()
    {
        const int Count = 5_000;
        var flow = new TestFlow(options => options.MaxLivePairings = 2 * Count);
        flow.Clock.Advance(TimeSpan.FromSeconds(1)); // sweeps come at full minutes
        for (var i = 0; i < Count; i++)
        {
            await flow.StartAsync();
        }

        var stored = new List<string>();
        flow.Clock.Advance(TimeSpan.FromMinutes(10) + Pairing.Retention - TimeSpan.FromSeconds(1));
        Assert.Equal(Count, await PresentAsync(flow, stored));
        flow.Clock.Advance(TimeSpan.FromSeconds(1)); // all are due, and the next sweep comes in 59 seconds
        for (var start = 1; start <= 10; start++)
        {
            await flow.StartAsync();
            flow.Store.Added.Clear();
            Assert.InRange(await PresentAsync(flow, stored), Count - (100 * start), Count - start);
        }

        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(0, await PresentAsync(flow, stored));
    }

    [Fact]
    public async Task Polls_decisions_starts_and_removals_at_the_same_time_leave_every_place_free_in_the_end()
    {
        const int Max = 200;
        var clock = new FakeTimeProvider(TestData.Start);
        using var store = new InMemoryPairingStore(Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = Max }), clock);
        for (var round = 0; round < 10; round++)
        {
            var now = clock.GetUtcNow();
            Pairing New() => TestData.NewPairing() with { Device = new() { Name = "TV" }, CreatedAt = now, ExpiresAt = now.AddMinutes(10), Pacing = Pacing.Start(TimeSpan.FromSeconds(5), now) };
            var pairings = Enumerable.Range(0, Max).Select(_ => New()).ToArray();
            foreach (var pairing in pairings)
            {
                Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default)); // every place was free again
            }

            Assert.Equal(PairingAddition.Full, await store.TryAddAsync(New(), default));
            using var together = new Barrier(4);
            await Task.WhenAll(
                Task.Run(async () =>
                {
                    together.SignalAndWait();
                    foreach (var pairing in pairings)
                    {
                        var poll = await store.TryAcceptPollAsync(pairing.DeviceCodeHash, "tv", now, default);
                        Assert.True(poll.IsAccepted || poll.Pairing is null or { Status: PairingStatus.Denied });
                    }
                }),
                Task.Run(async () =>
                {
                    together.SignalAndWait();
                    foreach (var pairing in pairings.Reverse())
                    {
                        await store.TryReplaceAsync(pairing.Deny("alice", now).Next, now, default);
                    }
                }),
                Task.Run(async () =>
                {
                    together.SignalAndWait();
                    foreach (var _ in pairings)
                    {
                        await store.TryAddAsync(New() with { Status = PairingStatus.Denied }, default);
                    }
                }),
                Task.Run(async () =>
                {
                    together.SignalAndWait();
                    for (var removed = 0; removed < Max; removed += await store.RemoveExpiredAsync(DateTimeOffset.MaxValue, 7, default))
                    {
                    }
                }));
            clock.Advance(TimeSpan.FromMinutes(10));
        }

        await store.RemoveExpiredAsync(DateTimeOffset.MaxValue, int.MaxValue, default);
        Assert.Equal(0, await store.RemoveExpiredAsync(DateTimeOffset.MaxValue, int.MaxValue, default));
    }

    [Fact]
    public async Task A_pending_pairing_takes_little_memory()
    {
        const int Count = 20_000;
        using var store = new InMemoryPairingStore(
            Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = 2 * Count }), new FakeTimeProvider(TestData.Start));
        await AddAsync(1_000); // what is made once
        var before = LiveMemory.Bytes();
        await AddAsync(Count);
        var bytes = (LiveMemory.Bytes() - before) / Count;
        output.WriteLine($"{bytes} bytes per pending pairing");
        Assert.InRange(bytes, 200, 700);

        async Task AddAsync(int count)
        {
            for (var i = 0; i < count; i++)
            {
                var pairing = TestData.NewPairing() with
                {
                    ClientId = new string("tv"), // each request has texts of its own
                    RequestedScopes = [new string("read"), new string("write")],
                    Device = new ReportedDevice { Name = new string("Living room"), Platform = new string("tvOS"), Identifier = $"{Guid.NewGuid()}", Address = new string("127.0.0.1") },
                };
                Assert.Equal(PairingAddition.Added, await store.TryAddAsync(pairing, default));
            }
        }
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

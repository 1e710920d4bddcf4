using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Simulation;

/// <summary>How one node reaches the shared stores: with latency, and during the storm with failures. What a call does is one atomic step in any case.</summary>
internal class SimulatedStores(World world, Node node) : StorePorts
{
    /// <summary>
    /// When the client of the store gives up. The call may still take effect. Before <see cref="DeviceAuthorizationOptions.StoreTimeout"/>, because .NET continues in
    /// another thread when it cancels a wait.
    /// </summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
    {
        var dice = world.Dice;
        if (!world.IsStorm && dice.Chance(0.3))
        {
            return ValueTask.FromResult(world.Apply(node, call, arguments, step)); // answered at once, as from memory
        }

        var (answer, isDown) = (new TaskCompletionSource<T>(), world.IsStoreDown);
        var failsBefore = isDown || (world.IsStorm && dice.Chance(world.Plan.StoreFailures));
        var failsAfter = world.IsStorm && dice.Chance(world.Plan.StoreFailures);
        var survivesNode = dice.Chance(0.5); // whether the call is on its way already if the node dies
        var way = world.Latency();
        if (way > TimeSpan.FromSeconds(1))
        {
            world.Scheduler.After(LongestWait, node.Life, () => answer.TrySetException(new TimeoutException("The store did not answer in time.")));
        }

        world.Scheduler.After(way, survivesNode ? null : node.Life, () =>
        {
            if (failsBefore)
            {
                Fail("before it took effect");
                return;
            }

            var result = world.Apply(node, call, arguments, step);
            if (failsAfter)
            {
                Fail("after it took effect");
                return;
            }

            world.Scheduler.After(ShortLatency(), node.Life, () => answer.TrySetResult(result));
        });
        return new(answer.Task);

        TimeSpan ShortLatency() => world.Dice.Milliseconds(1, 30);

        void Fail(string when)
        {
            world.Scheduler.Say($"{node.Name}: \"{call}\" failed {when}");
            world.Scheduler.After(ShortLatency(), node.Life, () => answer.TrySetException(new IOException("The connection to the store broke.")));
        }
    }
}

/// <summary>How the nodes tell each other of decisions, in some of the simulations. During the storm a signal may be lost: then its node learns that it missed some.</summary>
internal sealed class SimulatedSignals(World world, Node node) : IPairingSignals
{
    public ValueTask SendAsync(string deviceCodeHash, CancellationToken cancellationToken)
    {
        foreach (var (listener, decided, missed) in world.Listeners)
        {
            if (world.IsStorm && world.Dice.Chance(0.1))
            {
                world.Scheduler.After(world.Dice.Seconds(0, 10), listener.Life, missed);
            }
            else
            {
                world.Scheduler.After(world.Latency(), listener.Life, () => decided(deviceCodeHash));
            }
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask ListenAsync(Action<string> decided, Action missed, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource();
        world.Scheduler.After(world.Dice.Milliseconds(1, 3000), node.Life, () =>
        {
            if (world.IsStorm && world.Dice.Chance(0.3))
            {
                begun.SetException(new IOException("The connection for signals broke."));
                return;
            }

            world.Listeners.Add((node, decided, missed));
            begun.SetResult();
        });
        return new(begun.Task);
    }
}

/// <summary>A compare-and-swap that does not compare: the last writer wins.</summary>
internal sealed class ReplacesWithoutVersion(World world, Node node) : SimulatedStores(world, node)
{
    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("replace", null, store => store.Replace(pairing with { Version = store.ById(pairing.Id)?.Version ?? 0 }, now));
}

/// <summary>A store that knows of no decision: nobody wakes a poll that another node holds.</summary>
internal sealed class FindsNothingDecided(World world, Node node) : SimulatedStores(world, node)
{
    public override ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
        StepAsync<IReadOnlyCollection<string>>("find decided", null, store => (store, []));
}

/// <summary>A store that accepts every poll of a pending pairing.</summary>
internal sealed class AcceptsEveryPoll(World world, Node node) : SimulatedStores(world, node)
{
    public override ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        StepAsync("accept poll", (deviceCodeHash, clientId, now), store => store.ByDeviceCode(deviceCodeHash) is { Status: PairingStatus.Pending } pairing
            ? (store.Put(pairing with { Pacing = pairing.Pacing.Accepted(now) }), PollAttempt.Accepted)
            : store.AcceptPoll(deviceCodeHash, clientId, now));
}

/// <summary>A store that sometimes says that it wrote an approval, and then loses it.</summary>
internal sealed class LosesApprovals(World world, Node node) : SimulatedStores(world, node)
{
    private readonly Dice _dice = world.Dice;

    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        pairing.Status == PairingStatus.Approved && _dice.Chance(0.1) ? ValueTask.FromResult(true) : base.TryReplaceAsync(pairing, now, cancellationToken);
}

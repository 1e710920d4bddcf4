using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Simulation;

/// <summary>What one seed decides in advance: how many take part, and how bad the storm is. After the storm nothing fails any more.</summary>
internal sealed record Plan
{
    public required int Nodes { get; init; }

    public required int Devices { get; init; }

    /// <summary>How long requests, answers, stores and nodes may fail; zero for a quiet simulation.</summary>
    public required TimeSpan Storm { get; init; }

    public required double StoreFailures { get; init; }

    public required double Losses { get; init; }

    public required double Duplicates { get; init; }

    /// <summary>How wrong a clock may be, in either direction.</summary>
    public required int SkewSeconds { get; init; }

    /// <summary>Whether nodes send each other signals. Otherwise each asks the store once a second.</summary>
    public required bool HasSignals { get; init; }

    public required NumberMatching NumberMatching { get; init; }

    public required TimeSpan Lifetime { get; init; }

    public static Plan Of(Dice dice) => new()
    {
        Nodes = 1 + dice.Below(3),
        Devices = 1 + dice.Below(4),
        Storm = dice.Chance(0.2) ? TimeSpan.Zero : dice.Seconds(30, 240),
        StoreFailures = dice.Pick(0, 0.01, 0.05),
        Losses = dice.Pick(0, 0.05, 0.2),
        Duplicates = dice.Pick(0, 0.05, 0.2),
        SkewSeconds = dice.Pick(0, 1, 20),
        HasSignals = dice.Chance(0.3),
        NumberMatching = dice.Pick(NumberMatching.Off, NumberMatching.WhenRisky, NumberMatching.Always),
        Lifetime = TimeSpan.FromMinutes(dice.Pick(3, 5, 10)),
    };
}

/// <summary>One simulation: everything that it consists of, and its one run.</summary>
internal sealed class World
{
    /// <summary>After the storm, for how long something from it may still be on its way.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(90);

    private readonly Node?[] _nodes;
    private readonly Cast _cast;
    private TimeSpan _storeIsDownUntil;

    private World(ulong seed, Func<World, Node, SimulatedStores> stores)
    {
        (Dice, Stores) = (new(seed), stores);
        Plan = Plan.Of(Dice);
        (Invariants, Network) = (new(this), new(this));
        var services = new ServiceCollection().AddSingleton<TimeProvider>(new SimulatedClock(Scheduler, null, TimeSpan.Zero));
        services.Add(Node.LimiterOfLibrary);
        Limiter = services.BuildServiceProvider().GetRequiredService<IAttemptLimiter>();
        _nodes = [.. Enumerable.Range(0, Plan.Nodes).Select(index => new Node(this, NameOf(index), Skew()))];
        _cast = new(this);
    }

    /// <summary>How each pairing ended for its device.</summary>
    public IEnumerable<string> Endings => _cast.Runs.Select(run => run.Ending ?? "none");

    public Scheduler Scheduler { get; } = new();

    public Dice Dice { get; }

    public Plan Plan { get; }

    /// <summary>How a node reaches the stores.</summary>
    public Func<World, Node, SimulatedStores> Stores { get; }

    public Network Network { get; }

    public Invariants Invariants { get; }

    /// <summary>Shared by all nodes, as the stores are.</summary>
    public IAttemptLimiter Limiter { get; }

    /// <summary>Who listens to signals.</summary>
    public List<(Node Node, Action<string> Decided, Action Missed)> Listeners { get; } = [];

    public AbstractStore Store { get; private set; } = new();

    public bool IsStorm => Scheduler.Now < Plan.Storm;

    /// <summary>Whether nothing that happens now can be the storm's fault.</summary>
    public bool IsCalm => Scheduler.Now >= CalmFrom;

    public TimeSpan CalmFrom => Plan.Storm > TimeSpan.Zero ? Plan.Storm + Settling : TimeSpan.Zero;

    public bool IsStoreDown => Scheduler.Now < _storeIsDownUntil;

    /// <summary>Runs one simulation, from the start to the end of the last actor.</summary>
    public static World Run(ulong seed, Func<World, Node, SimulatedStores>? stores = null)
    {
        var world = new World(seed, stores ?? ((world, node) => new(world, node)));
        world.Run();
        return world;
    }

    public void Configure(DeviceAuthorizationOptions options) => (options.NumberMatching, options.PairingLifetime) = (Plan.NumberMatching, Plan.Lifetime);

    /// <summary>How long a message takes.</summary>
    public TimeSpan Latency() => !IsStorm ? Dice.Milliseconds(1, 30)
        : Dice.Below(1000) switch
        {
            < 900 => Dice.Milliseconds(1, 30),
            < 995 => Dice.Milliseconds(30, 2_000),
            _ => Dice.Milliseconds(2_000, 20_000),
        };

    public TimeSpan Skew() => TimeSpan.FromMilliseconds(Dice.Below((2000 * Plan.SkewSeconds) + 1) - (1000 * Plan.SkewSeconds));

    /// <summary>The node to which the load balancer sends a request; null if it finds none that runs.</summary>
    public Node? SomeNode() => _nodes[Dice.Below(_nodes.Length)] is { Life.HasEnded: false } node && !node.IsStopping
        ? node
        : Array.Find(_nodes, other => other is { Life.HasEnded: false, IsStopping: false });

    /// <summary>A call takes effect on the stores.</summary>
    public T Apply<T>(Node? node, string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
    {
        var before = Store;
        (Store, var answer) = step(before);
        if (!ReferenceEquals(before, Store))
        {
            Invariants.Stepped(node, call, arguments, before, Store);
        }

        return answer;
    }

    public bool IsLive(string tokenHash) => Store.FindToken(tokenHash) is { Device: not null, Token.UserId: var user } && !Store.Locked.Contains(user);

    private void Run()
    {
        Weather();
        var end = CalmFrom + (2 * Plan.Lifetime) + TimeSpan.FromMinutes(10);
        try
        {
            while (Invariants.Violation is null && Scheduler.Now < end && (!_cast.IsDone || Invariants.OpenRequests > 0) && Scheduler.Step())
            {
            }

            Invariants.Ended(_cast);
        }
        catch (Exception exception)
        {
            Invariants.Violate($"nothing throws: {exception}");
        }
    }

    /// <summary>What happens to nodes and stores during the storm.</summary>
    private void Weather()
    {
        if (Plan.Storm == TimeSpan.Zero)
        {
            return;
        }

        for (var times = Dice.Below(4); times > 0; times--)
        {
            var index = Dice.Below(_nodes.Length);
            var (after, isKill, takes) = (Dice.Seconds(0, (int)Plan.Storm.TotalSeconds), Dice.Chance(0.5), Dice.Seconds(0, 20));
            Scheduler.After(after, null, () => Restart(index, isKill, takes));
        }

        if (Dice.Chance(0.3))
        {
            Scheduler.After(Dice.Seconds(0, (int)Plan.Storm.TotalSeconds), null, () =>
            {
                _storeIsDownUntil = Scheduler.Now + Dice.Seconds(1, 30);
                Scheduler.Say("the store is down for a while");
            });
        }
    }

    private void Restart(int index, bool isKill, TimeSpan takes)
    {
        if (_nodes[index] is not { } node || node.IsStopping)
        {
            return;
        }

        if (isKill)
        {
            Die();
        }
        else
        {
            Scheduler.Say($"{node.Name} begins to stop");
            node.BeginToStop();
            Scheduler.After(TimeSpan.FromSeconds(5), null, Die);
        }

        void Die()
        {
            Scheduler.Say($"{node.Name} ends");
            node.Life.HasEnded = true;
            _nodes[index] = null;
            Listeners.RemoveAll(listener => listener.Node == node);
            node.Open.ForEach(died => died());
            Invariants.Abandoned(node.Open.Count);
            Scheduler.After(takes, null, () =>
            {
                _nodes[index] = new Node(this, NameOf(index), Skew());
                Scheduler.Say($"{NameOf(index)} begins");
            });
        }
    }

    private static string NameOf(int index) => $"node {(char)('A' + index)}";
}

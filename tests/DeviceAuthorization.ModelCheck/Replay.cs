using System.Globalization;
using System.Text.Json;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.ModelCheck;

/// <summary>What an actor asks of the library: one request.</summary>
/// <param name="number">Names the secrets that it makes. No other operation of the scenario has it.</param>
/// <param name="name">As the trace shows it.</param>
/// <param name="run">Calls the library. The text is the token that the actor holds, if any.</param>
internal sealed class Operation(int number, string name, Func<IServiceProvider, string?, Task<object?>> run)
{
    public int Number => number;

    public string Name => name;

    public Task<object?> RunAsync(IServiceProvider services, string? token) => run(services, token);
}

/// <summary>A call of a store that an operation waits for.</summary>
/// <param name="Text">Its name and all its arguments: two calls with the same text do the same.</param>
/// <param name="Step">Its effect on the store.</param>
internal sealed record Call(int Id, string Name, string Text, Func<AbstractStore, (AbstractStore Next, object? Answer)> Step);

/// <summary>
/// Where an operation stands, between two calls of the stores. It depends on nothing but the answers that the operation got and the times at which they came.
/// So these are the state: to go on, the operation runs again from its start, and each of its calls gets the same answer as before.
/// </summary>
internal sealed class LocalState
{
    /// <summary>The state before the last answer; null at the start.</summary>
    public LocalState? Before { get; init; }

    public required Operation Operation { get; init; }

    /// <summary>The token that its actor held at the start.</summary>
    public string? Token { get; init; }

    public object? Answer { get; init; }

    /// <summary>When the answer came.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether the code looked at the clock since then. If not, <see cref="At"/> makes no difference.</summary>
    public bool ReadsClock { get; set; }

    /// <summary>The call that it waits for; null if it has ended.</summary>
    public Call? Next { get; set; }

    /// <summary>What the library answered, or the exception that it threw; null while it runs.</summary>
    public object? Result { get; set; }

    /// <summary>The states after this one that were computed, by the answer and the time at which it came.</summary>
    public Dictionary<(int Answer, DateTimeOffset At), LocalState> After { get; } = [];
}

/// <summary>
/// Runs the library's own code, one call of a store at a time. The library runs as in a host; only the stores, the limiter, the policy and the clock are the
/// checker's. Everything is computed once: what an operation does after some answers, and what a call does to some store.
/// </summary>
internal class Replay : StorePorts
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly JsonSerializerOptions Json = new() { IncludeFields = true };

    private readonly ReplayClock _clock = new();
    private readonly IServiceProvider _services;
    private readonly Dictionary<(Operation, string?, DateTimeOffset), LocalState> _starts = [];
    private readonly Dictionary<string, Call> _calls = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Store, int Call), (int Store, int Answer)> _steps = [];

    // The run: what it was answered so far, how many calls it has made, the secrets that it made, and the call that it waits for.
    private readonly List<LocalState> _history = [];
    private readonly List<string> _secrets = [];
    private int _position;
    private Operation? _operation;
    private Call? _pending;

    public Replay(Scenario scenario)
    {
        (Scenario, _services) = (scenario, Services(this, _clock, scenario));
        var parts = new Parts(scenario);
        (Actors, Initial, Poll) = (scenario.Actors(parts), parts.Store, parts.Poll);
    }

    public Scenario Scenario { get; }

    public IReadOnlyList<Actor> Actors { get; }

    public AbstractStore Initial { get; }

    /// <summary>The poll of a pairing.</summary>
    public Func<int, Operation> Poll { get; }

    public Interner<AbstractStore> Stores { get; } = new();

    public Interner<object> Answers { get; } = new();

    /// <summary>How often the library's code ran.</summary>
    public int Runs { get; private set; }

    /// <summary>The library over these stores, as a host registers it.</summary>
    public static IServiceProvider Services(StorePorts stores, TimeProvider clock, Scenario scenario)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Services
            .AddSingleton(clock)
            .AddSingleton(stores)
            .AddSingleton<IPairingStore>(stores)
            .AddSingleton<IDeviceRepository>(stores)
            .AddSingleton<IPairingPolicy>(stores)
            .AddSingleton<IAttemptLimiter, NoLimit>()
            .AddDeviceAuthorization(options =>
            {
                options.PublicOrigin = new Uri("https://tv.example.com");
                options.StoreTimeout = Timeout.InfiniteTimeSpan;
                options.Scopes["read"] = "Read";
                options.NumberMatching = scenario.ChoosesNumber ? NumberMatching.Always : NumberMatching.Off;
            });
        return builder.Build().Services;
    }

    /// <summary>The operation begins.</summary>
    public LocalState Begin(Operation operation, string? token, DateTimeOffset at)
    {
        if (_starts.GetValueOrDefault((operation, token, at)) is { } known)
        {
            return known;
        }

        var start = Run(new LocalState { Operation = operation, Token = token, At = at });
        if (!start.ReadsClock)
        {
            start = _starts.GetValueOrDefault((operation, token, Start)) ?? start;
            _starts[(operation, token, Start)] = start;
        }

        return _starts[(operation, token, at)] = start;
    }

    /// <summary>The call that the operation waits for is answered.</summary>
    public LocalState Continue(LocalState before, int answer, DateTimeOffset at)
    {
        if (before.After.GetValueOrDefault((answer, at)) is { } known)
        {
            return known;
        }

        var next = Run(new LocalState
        {
            Before = before,
            Operation = before.Operation,
            Token = before.Token,
            Answer = Answers[answer],
            At = at,
        });
        if (!next.ReadsClock)
        {
            next = before.After.GetValueOrDefault((answer, Start)) ?? next;
            before.After[(answer, Start)] = next;
        }

        return before.After[(answer, at)] = next;
    }

    /// <summary>A call takes effect on a store.</summary>
    public (int Store, int Answer) Execute(int store, Call call)
    {
        if (!_steps.TryGetValue((store, call.Id), out var step))
        {
            var (next, answer) = call.Step(Stores[store]!);
            step = (Stores.Add(next, Text(next)), Answers.Add(answer, answer?.GetType() + Text(answer)));
            _steps.Add((store, call.Id), step);
        }

        return step;
    }

    public static string Text(object? value) => JsonSerializer.Serialize(value, Json);

    /// <summary>No step if the answer never changes.</summary>
    public override ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        Scenario.AccountsChange ? base.IsActiveAsync(userId, cancellationToken) : ValueTask.FromResult(!Initial.Locked.Contains(userId));

    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        base.TryReplaceAsync(Named(pairing), now, cancellationToken);

    public override ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        base.TryIssueTokenAsync(token with { Id = new Guid(Number(token.Id.ToString()), 0, 0, new byte[8]) }, issue, cancellationToken);

    /// <summary>
    /// Gives what is random a name that is the same in each run: the operation that made it, and a count. Nothing in the library depends on the value, apart from
    /// whether two are equal.
    /// </summary>
    protected Pairing Named(Pairing pairing) => pairing with
    {
        Grant = pairing.Grant is not { } grant ? null : grant with
        {
            TokenSalt = grant.TokenSalt.StartsWith("salt", StringComparison.Ordinal) ? grant.TokenSalt : string.Create(CultureInfo.InvariantCulture, $"salt {Number(grant.TokenSalt)}"),
        },
        MatchNumber = pairing.MatchNumber is null ? null : Scenario.Number,
    };

    protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
    {
        if (_position < _history.Count)
        {
            var answered = _history[_position++];
            _clock.Set(answered.At);
            return ValueTask.FromResult((T)answered.Answer!);
        }

        var text = call + Text(arguments);
        if (!_calls.TryGetValue(text, out _pending))
        {
            _calls.Add(text, _pending = new Call(_calls.Count, call, text, store => step(store)));
        }

        return new(new TaskCompletionSource<T>().Task); // never completed: the next run gets here with an answer
    }

    private int Number(string secret)
    {
        if (!_secrets.Contains(secret))
        {
            _secrets.Add(secret);
        }

        return (100 * _operation!.Number) + _secrets.IndexOf(secret);
    }

    /// <summary>Runs the operation from its start up to the call that follows on the last answer.</summary>
    private LocalState Run(LocalState state)
    {
        Runs++;
        _history.Clear();
        var start = state;
        for (; start.Before is not null; start = start.Before)
        {
            _history.Add(start);
        }

        _history.Reverse();
        _secrets.Clear();
        (_position, _pending, _operation) = (0, null, state.Operation);
        _clock.Set(start.At);
        using var scope = _services.CreateScope();
        var running = state.Operation.RunAsync(scope.ServiceProvider, state.Token);
        state.ReadsClock = _clock.WasRead;
        state.Next = _pending;
        state.Result = !running.IsCompleted ? null : running.IsFaulted ? running.Exception.InnerException : running.Result ?? "nothing";
        Assert.Equal(running.IsCompleted, _pending is null); // it waits for nothing but the stores
        return state;
    }

    private sealed class ReplayClock : TimeProvider
    {
        private DateTimeOffset _now = Start;

        public bool WasRead { get; private set; }

        public void Set(DateTimeOffset now) => (_now, WasRead) = (now, false);

        public override DateTimeOffset GetUtcNow()
        {
            WasRead = true;
            return _now;
        }

        public override long GetTimestamp() => 0;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new NoTimer();

        private sealed class NoTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }

    private sealed class NoLimit : IAttemptLimiter
    {
        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken) => ValueTask.FromResult<TimeSpan?>(null);
    }
}

/// <summary>Gives equal values one number.</summary>
internal sealed class Interner<T>
{
    private readonly Dictionary<string, int> _ids = new(StringComparer.Ordinal);
    private readonly List<T?> _values = [];

    public int Count => _values.Count;

    public T? this[int id] => _values[id];

    /// <param name="text">Equal for equal values only.</param>
    public int Add(T? value, string text)
    {
        if (!_ids.TryGetValue(text, out var id))
        {
            _ids.Add(text, id = _values.Count);
            _values.Add(value);
        }

        return id;
    }
}

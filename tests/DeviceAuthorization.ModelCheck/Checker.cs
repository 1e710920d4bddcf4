using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;

namespace DeviceAuthorization.ModelCheck;

/// <summary>Where an actor stands: what it does, and what it has learnt.</summary>
internal sealed record ActorState
{
    /// <summary>How many operations of its script are over.</summary>
    public int Done { get; init; }

    /// <summary>Where its operation stands; null if all are over.</summary>
    public LocalState? Local { get; init; }

    /// <summary>An answer of a store that is on its way, and the moment of the call; null if there is none.</summary>
    public (int Answer, int Moment)? Slow { get; init; }

    /// <summary>What had happened before the first call of its operation.</summary>
    public Earlier Earlier { get; init; }

    /// <summary>Until when an approval counts that was acknowledged to this approver; null if none was.</summary>
    public DateTimeOffset? Acknowledged { get; init; }

    /// <summary>The token that this device got; null if it got none.</summary>
    public string? Token { get; init; }

    /// <summary>The interval that this device was last told.</summary>
    public TimeSpan Interval { get; init; }
}

/// <summary>What had happened before an operation began.</summary>
[Flags]
internal enum Earlier
{
    Nothing = 0,

    /// <summary>The account that the operation depends on was locked, or signed out everywhere after it had approved.</summary>
    AccountEnded = 1,

    /// <summary>Another user had decided the pairing.</summary>
    OtherDecided = 2,
}

/// <summary>One step, as the invariants see it.</summary>
/// <param name="Before">The store before it.</param>
/// <param name="Store">The store after it.</param>
/// <param name="Moment">The moment of the clock after it.</param>
/// <param name="Actors">The actors after it.</param>
/// <param name="Actor">Whose step it is; null if only the clock moved.</param>
/// <param name="Was">Where that actor stood before it.</param>
/// <param name="Result">What that actor was answered, if the step ended its operation.</param>
internal sealed record Step(Checker Checker, AbstractStore Before, int Store, int Moment, IReadOnlyList<ActorState> Actors, Actor? Actor, ActorState? Was, object? Result)
{
    public AbstractStore After { get; } = Checker.Replay.Stores[Store]!;

    public DateTimeOffset Now => Checker.At(Moment);
}

/// <summary>A step that an invariant forbids, and the shortest way to it.</summary>
internal sealed record Violation(string Invariant, IReadOnlyList<string> Trace)
{
    public override string ToString() => $"{Invariant}\n{string.Join('\n', Trace.Select((step, index) => $"{index + 1,3}. {step}"))}";
}

/// <param name="Depth">The longest of the shortest ways to a state, in steps.</param>
/// <param name="Runs">How often the library's code ran.</param>
/// <param name="Answers">What requests were answered, in some state.</param>
internal sealed record Report(int States, long Steps, int Depth, int Runs, IReadOnlySet<string> Answers, Violation? Violation);

/// <summary>
/// Explores every state of a scenario, breadth first, and checks each step. States are compared exactly, not by hash alone. The library's code is part of the
/// state space: see <see cref="LocalState"/>.
/// </summary>
/// <remarks>
/// <para>
/// A step is one of these. The clock moves to the next moment. Or a call of an actor takes effect, and its answer arrives at once, or later, or never.
/// </para>
/// <para>
/// Three things are left out because they lead to no other state. An answer that arrives later without a move of the clock in between: it changes its own actor
/// only. A host that dies before a call: it looks like an answer of the call before that never arrives. An operation that begins later without a move of the
/// clock in between: its first call is its first effect.
/// </para>
/// </remarks>
internal sealed class Checker(Replay replay)
{
    private readonly Dictionary<ActorState, int> _actorIds = [];
    private readonly List<ActorState> _actorStates = [];
    private readonly List<int> _learnt = []; // what each of them has learnt, as a number
    private readonly Dictionary<(DateTimeOffset? Acknowledged, string? Token), int> _learntIds = [];
    private readonly HashSet<(int Before, int After, int Moment, long Learnt)> _checked = [];
    private readonly Dictionary<(int Actor, int State, int Store, int Moment), Move[]> _moves = [];
    private readonly Dictionary<(int Store, int Moment, Operation Operation), object?> _alone = [];
    private readonly SortedSet<string> _answers = new(StringComparer.Ordinal);
    private readonly Dictionary<int[], int> _ids = new(new SameNumbers());
    private readonly List<int[]> _states = [];
    private readonly List<int> _parents = [];

    // The places in a state. The actors follow.
    private const int Store = 0;
    private const int Moment = 1;
    private const int Losses = 2;
    private const int Slow = 3;
    private const int First = 4;

    private const int MostLearnt = 1000;

    public Replay Replay => replay;

    /// <summary>What happened in a step: for the trace.</summary>
    private enum Kind
    {
        Tick,
        Answered,
        Slow,
        Arrives,
        Lost,
    }

    /// <summary>A step of one actor: the store and the actor after it, and what the actor was answered, if that ended its operation.</summary>
    private readonly record struct Move(Kind Kind, int Store, int ActorState, object? Result);

    private readonly record struct Successor(int[] State, Kind Kind, int Actor, object? Result);

    public DateTimeOffset At(int moment) => Replay.Start + TimeSpan.FromSeconds(replay.Scenario.Moments[moment]);

    private bool IsLast(int moment) => moment == replay.Scenario.Moments.Length - 1;

    /// <summary>Explores all states, up to the first step that breaks an invariant.</summary>
    public Report Run(IReadOnlyList<Invariant> invariants)
    {
        var initial = new int[First + replay.Actors.Count];
        initial[Store] = replay.Stores.Add(replay.Initial, Replay.Text(replay.Initial));
        initial[Losses] = replay.Scenario.Losses;
        initial[Slow] = replay.Scenario.Slow;
        for (var actor = 0; actor < replay.Actors.Count; actor++)
        {
            initial[First + actor] = Id(Begin(replay.Actors[actor], new ActorState(), 0));
        }

        Visit(initial, -1);
        var (steps, depth, endOfLevel) = (0L, 0, 1);
        var successors = new List<Successor>();
        for (var at = 0; at < _states.Count; at++)
        {
            if (at == endOfLevel)
            {
                (depth, endOfLevel) = (depth + 1, _states.Count);
            }

            successors.Clear();
            AddSuccessors(_states[at], successors);
            steps += successors.Count;
            foreach (var successor in successors)
            {
                if (Broken(_states[at], successor, invariants) is { } broken)
                {
                    return new Report(_states.Count, steps, depth, replay.Runs, _answers, new Violation(broken.Name, [.. Trace(at), Describe(_states[at], successor)]));
                }

                Visit(successor.State, at);
            }
        }

        return new Report(_states.Count, steps, depth, replay.Runs, _answers, null);
    }

    /// <summary>What an operation answers that runs now, while nobody else does anything.</summary>
    public object? Alone(int store, int moment, Operation operation)
    {
        if (!_alone.TryGetValue((store, moment, operation), out var result))
        {
            var (current, local) = (store, replay.Begin(operation, null, At(moment)));
            while (local.Next is { } call)
            {
                (current, var answer) = replay.Execute(current, call);
                local = replay.Continue(local, answer, At(moment));
            }

            _alone.Add((store, moment, operation), result = local.Result);
        }

        return result;
    }

    private void Visit(int[] state, int parent)
    {
        if (_ids.TryAdd(state, _states.Count))
        {
            _states.Add(state);
            _parents.Add(parent);
        }
    }

    private int Id(ActorState state)
    {
        if (!_actorIds.TryGetValue(state, out var id))
        {
            _actorIds.Add(state, id = _actorStates.Count);
            _actorStates.Add(state);
            _learntIds.TryAdd((state.Acknowledged, state.Token), _learntIds.Count);
            _learnt.Add(_learntIds[(state.Acknowledged, state.Token)]);
            Assert.InRange(_learntIds.Count, 0, MostLearnt);
        }

        return id;
    }

    private void AddSuccessors(int[] state, List<Successor> successors)
    {
        if (!IsLast(state[Moment]))
        {
            AddTicks(state, successors);
        }

        var slow = 0;
        foreach (var id in state.AsSpan(First))
        {
            slow += _actorStates[id].Slow is null ? 0 : 1;
        }

        for (var index = 0; index < replay.Actors.Count; index++)
        {
            foreach (var move in Moves(index, state[First + index], state[Store], state[Moment]))
            {
                if ((move.Kind == Kind.Slow && slow >= state[Slow]) || (move.Kind == Kind.Lost && state[Losses] == 0))
                {
                    continue;
                }

                var after = (int[])state.Clone();
                after[Store] = move.Store;
                after[Losses] -= move.Kind == Kind.Lost ? 1 : 0;
                after[First + index] = move.ActorState;
                successors.Add(new(after, move.Kind, index, move.Result));
            }
        }
    }

    /// <summary>What an actor may do next. It depends on the actor, the store and the clock only, so it is computed once.</summary>
    private Move[] Moves(int index, int id, int store, int moment) =>
        _moves.TryGetValue((index, id, store, moment), out var known) ? known : _moves[(index, id, store, moment)] = [.. NewMoves(replay.Actors[index], _actorStates[id], store, moment)];

    private IEnumerable<Move> NewMoves(Actor actor, ActorState was, int store, int moment)
    {
        if (was.Local is not { Next: { } call } local)
        {
            yield break;
        }

        if (was.Slow is var (late, since))
        {
            if (since != moment)
            {
                yield return Answered(Kind.Arrives, store, was with { Local = replay.Continue(local, late, At(moment)), Slow = null });
            }

            yield break;
        }

        var began = local.Before is null ? was with { Earlier = EarlierThan(actor, was, replay.Stores[store]!) } : was;
        var (after, answer) = replay.Execute(store, call);
        var next = replay.Continue(local, answer, At(moment));
        yield return Answered(Kind.Answered, after, began with { Local = next });
        yield return new(Kind.Lost, after, Id(Begin(actor, began with { Done = began.Done + 1 }, moment)), null);
        if (next.ReadsClock && !IsLast(moment))
        {
            yield return new(Kind.Slow, after, Id(began with { Slow = (answer, moment) }), null);
        }

        Move Answered(Kind kind, int store, ActorState next)
        {
            if (next.Local!.Result is not { } result)
            {
                return new(kind, store, Id(next), null);
            }

            _answers.Add(Text(result));
            return new(kind, store, Id(Begin(actor, Learn(actor, next, result, store) with { Done = next.Done + 1 }, moment)), result);
        }
    }

    /// <summary>
    /// The clock moves. Requests that are running when it does are slow. Of those that wait for their first call, some have begun, and are slow too; the others
    /// begin later.
    /// </summary>
    private void AddTicks(int[] state, List<Successor> successors)
    {
        var (running, waiting) = (0, new List<int>());
        for (var index = First; index < state.Length; index++)
        {
            if (_actorStates[state[index]] is { Local: { } local } actor)
            {
                var isWaiting = local.Before is null && actor.Slow is null && (local.At == At(state[Moment]) || !local.ReadsClock);
                running += isWaiting ? 0 : 1;
                waiting.AddRange(isWaiting && local.ReadsClock ? [index] : []);
            }
        }

        for (var begun = 0; begun < 1 << waiting.Count; begun++)
        {
            var ticked = (int[])state.Clone();
            ticked[Moment]++;
            ticked[Slow] -= running + BitOperations.PopCount((uint)begun);
            if (ticked[Slow] < 0)
            {
                continue;
            }

            for (var at = 0; at < waiting.Count; at++)
            {
                if ((begun & (1 << at)) == 0)
                {
                    ticked[waiting[at]] = Id(Begin(replay.Actors[waiting[at] - First], _actorStates[state[waiting[at]]], ticked[Moment]));
                }
            }

            successors.Add(new(ticked, Kind.Tick, -1, null));
        }
    }

    /// <summary>The actor begins its next operation. One that calls no store is over at once.</summary>
    private ActorState Begin(Actor actor, ActorState state, int moment)
    {
        for (var done = state.Done; done < actor.Script.Length; done++)
        {
            if (replay.Begin(actor.Script[done], state.Token, At(moment)) is { Next: not null } local)
            {
                return state with { Done = done, Local = local, Earlier = Earlier.Nothing };
            }
        }

        return state with { Done = actor.Script.Length, Local = null, Earlier = Earlier.Nothing };
    }

    private Earlier EarlierThan(Actor actor, ActorState state, AbstractStore store)
    {
        var pairing = store.ById(replay.Initial.Pairings[actor.Pairing].Id);
        var token = state.Token is { } held && DeviceToken.TryParse(held, "dat_", out var parsed) ? store.FindToken(parsed.Hash())?.Token : null;
        var user = actor.UserId ?? token?.UserId ?? pairing?.ApproverId;
        var ended = user is not null && (store.Locked.Contains(user) || (actor.UserId is null && pairing?.Grant?.SignOuts < store.SignOutsOf(user)));
        var decided = actor.UserId is not null && pairing is { Status: not PairingStatus.Pending } && pairing.ApproverId != actor.UserId;
        return (ended ? Earlier.AccountEnded : Earlier.Nothing) | (decided ? Earlier.OtherDecided : Earlier.Nothing);
    }

    private ActorState Learn(Actor actor, ActorState state, object result, int store) => result switch
    {
        ApproverResult.Approved => state with
        {
            Acknowledged = (replay.Stores[store]!.ById(replay.Initial.Pairings[actor.Pairing].Id) ?? replay.Initial.Pairings[actor.Pairing]).ExpiresAt,
        },
        PollResult.Paired paired => state with { Token = paired.Token.Reveal() },
        PollResult.NotPaired { Interval: { } interval } => state with { Interval = interval },
        _ => state,
    };

    /// <summary>
    /// The first invariant that the step breaks. They look at the stores, the clock and what the actors have learnt, so no such step is checked twice; and at
    /// what an operation answered.
    /// </summary>
    private Invariant? Broken(int[] before, Successor successor, IReadOnlyList<Invariant> invariants)
    {
        var after = successor.State;
        var learnt = 0L;
        foreach (var id in after.AsSpan(First))
        {
            learnt = checked((learnt * MostLearnt) + _learnt[id]);
        }

        if (successor.Result is null && !_checked.Add((before[Store], after[Store], after[Moment], learnt)))
        {
            return null;
        }

        var (actor, was) = successor.Actor < 0 ? (null, null) : (replay.Actors[successor.Actor], _actorStates[before[First + successor.Actor]]);
        if (was is { Local.Before: null })
        {
            was = was with { Earlier = EarlierThan(actor!, was, replay.Stores[before[Store]]!) };
        }

        var step = new Step(
            this, replay.Stores[before[Store]]!, after[Store], after[Moment], [.. after.Skip(First).Select(id => _actorStates[id])], actor, was, successor.Result);
        return invariants.FirstOrDefault(invariant => !invariant.Holds(step));
    }

    private IEnumerable<string> Trace(int at)
    {
        var path = new List<int>();
        for (; at >= 0; at = _parents[at])
        {
            path.Add(at);
        }

        path.Reverse();
        foreach (var (from, to) in path.Zip(path.Skip(1)))
        {
            var successors = new List<Successor>();
            AddSuccessors(_states[from], successors);
            yield return Describe(_states[from], successors.First(successor => successor.State.AsSpan().SequenceEqual(_states[to])));
        }
    }

    private string Describe(int[] before, Successor successor)
    {
        if (successor.Kind == Kind.Tick)
        {
            var late = replay.Actors.Where((_, index) => _actorStates[successor.State[First + index]].Local is { Before: null, ReadsClock: true } local && local.At != At(successor.State[Moment]));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"The clock moves to {replay.Scenario.Moments[successor.State[Moment]]} s.{string.Concat(late.Select(actor => $" {actor.Name} began before."))}");
        }

        var (actor, local) = (replay.Actors[successor.Actor], _actorStates[before[First + successor.Actor]].Local!);
        var answer = successor.Kind is Kind.Answered or Kind.Slow or Kind.Lost ? Text(replay.Answers[replay.Execute(before[Store], local.Next!).Answer]) : "";
        var text = $"{actor.Name}, {local.Operation.Name}: " + successor.Kind switch
        {
            Kind.Arrives => "the slow answer arrives.",
            Kind.Slow => $"{local.Next!.Name} → {answer}, slowly",
            Kind.Lost => $"{local.Next!.Name} → {answer}, and the request is lost",
            _ => $"{local.Next!.Name} → {answer}",
        };
        return successor.Result is null ? text : $"{text} ⇒ {Text(successor.Result)}";
    }

    private static string Text(object? value) => value switch
    {
        null => "nothing",
        Pairing pairing => string.Create(CultureInfo.InvariantCulture, $"{pairing.Status}, version {pairing.Version}, approver {pairing.ApproverId ?? "none"}"),
        Storage.PollAttempt { IsAccepted: true } => "accepted",
        Storage.PollAttempt { Pairing: var pairing } => $"not accepted: {Text(pairing)}",
        Storage.OwnedCounts => "counts",
        Storage.TokenIssue { Token: null } => "no token",
        Storage.TokenIssue => "a token",
        PollResult.Paired => "paired",
        PollResult.NotPaired { Error: var error } => error.ToString(),
        ApproverResult.Refused { Reason: var reason } => reason.ToString(),
        ApproverResult.AlreadyDecided { Pairing.Status: var status } => $"decided already: {status}",
        Exception exception => $"{exception.GetType().Name}: {exception.Message}",
        bool or string or Enum => value.ToString()!,
        _ => value.GetType().Name,
    };

    private sealed class SameNumbers : IEqualityComparer<int[]>
    {
        public bool Equals(int[]? x, int[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(int[] numbers)
        {
            var hash = new HashCode();
            hash.AddBytes(MemoryMarshal.AsBytes(numbers.AsSpan()));
            return hash.ToHashCode();
        }
    }
}

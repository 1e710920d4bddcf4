using System.Numerics;
using System.Text.Json;
using DeviceAuthorization.ModelCheck;

namespace DeviceAuthorization.CrashTests;

/// <summary>What a check found.</summary>
/// <param name="States">How many pairs of calls that have taken effect and state of the store were visited.</param>
/// <param name="Counterexample">The calls that no order explains; null if there is an order for all.</param>
internal sealed record Verdict(long States, string? Counterexample);

/// <summary>
/// Looks for an order of the calls of a history in which each takes effect at one moment between its begin and its end, and in which the contract
/// (<see cref="AbstractStore"/>) gives each the answer that it got. This is the search of Wing and Gong, which never visits the same calls and the same state twice
/// (Lowe). A history has such an order if each of its parts has one.
/// </summary>
/// <param name="mayForget">Whether a fail-over may take each pairing back to an earlier state of its own, or lose its user code.</param>
internal sealed class Checker(bool mayForget = false)
{
    private readonly Dictionary<string, AbstractStore> _stores = new(StringComparer.Ordinal);
    private readonly Dictionary<(AbstractStore Store, State? Before, bool HasLostCode), State> _states = new(StateComparer.Instance);
    private readonly Dictionary<(int Call, AbstractStore Store), (AbstractStore Next, Answer Answer)> _steps = new(StepComparer.Instance);
    private readonly HashSet<int> _writers = []; // calls that changed something when they got their answer
    private long _visited;

    public static Verdict Check(IReadOnlyList<Call> calls, bool mayForget = false)
    {
        var marks = calls.Where(call => call.Member == History.FailOver && mayForget).ToArray();
        var visited = 0L;
        foreach (var part in calls.Where(call => call.Member != History.FailOver).GroupBy(call => call.Part, StringComparer.Ordinal))
        {
            var checker = new Checker(mayForget);
            var counterexample = checker.Explain([.. part.Concat(marks).OrderBy(call => call.Began)], part.Key);
            visited += checker._visited;
            if (counterexample is not null)
            {
                return new Verdict(visited, counterexample);
            }
        }

        return new Verdict(visited, null);
    }

    /// <summary>A state that the store may be in. Each is there once, so that references can be compared.</summary>
    /// <param name="Before">The state before the last change, if a fail-over may go back to it.</param>
    /// <param name="HasLostCode">Whether the user code leads nowhere. In a cluster it may be on another node than the pairing.</param>
    private sealed record State(AbstractStore Store, State? Before, bool HasLostCode);

    private sealed class StateComparer : IEqualityComparer<(AbstractStore Store, State? Before, bool HasLostCode)>
    {
        public static StateComparer Instance { get; } = new();

        public bool Equals((AbstractStore Store, State? Before, bool HasLostCode) x, (AbstractStore Store, State? Before, bool HasLostCode) y) =>
            ReferenceEquals(x.Store, y.Store) && ReferenceEquals(x.Before, y.Before) && x.HasLostCode == y.HasLostCode;

        public int GetHashCode((AbstractStore Store, State? Before, bool HasLostCode) state) => HashCode.Combine(Reference(state.Store), Reference(state.Before), state.HasLostCode);
    }

    private sealed class StepComparer : IEqualityComparer<(int Call, AbstractStore Store)>
    {
        public static StepComparer Instance { get; } = new();

        public bool Equals((int Call, AbstractStore Store) x, (int Call, AbstractStore Store) y) => x.Call == y.Call && ReferenceEquals(x.Store, y.Store);

        public int GetHashCode((int Call, AbstractStore Store) step) => HashCode.Combine(step.Call, Reference(step.Store));
    }

    private sealed class VisitComparer : IEqualityComparer<(BigInteger Done, State State)>
    {
        public static VisitComparer Instance { get; } = new();

        public bool Equals((BigInteger Done, State State) x, (BigInteger Done, State State) y) => ReferenceEquals(x.State, y.State) && x.Done == y.Done;

        public int GetHashCode((BigInteger Done, State State) visit) => HashCode.Combine(visit.Done, Reference(visit.State));
    }

    private static int Reference(object? value) => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(value);

    /// <returns>A short part of the history that no order explains; null if there is an order.</returns>
    private string? Explain(List<Call> calls, string part)
    {
        if (HasOrder(calls))
        {
            return null;
        }

        // The first answer that no order explains: without it, there is an order.
        var ends = calls.Where(call => call.IsAnswered).Select(call => call.Ended).Order().ToArray();
        var (low, high) = (0, ends.Length - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = HasOrder(Until(calls, ends[middle])) ? (middle + 1, high) : (low, middle);
        }

        var shown = Until(calls, ends[low]);
        var culprit = shown.Single(call => call.Ended == ends[low]);
        foreach (var idle in shown.Where(call => !_writers.Contains(call.Number) && call != culprit).ToArray())
        {
            var without = shown.FindAll(call => call != idle);
            shown = HasOrder(without) ? shown : without;
        }

        var allowed = new HashSet<string>(StringComparer.Ordinal);
        HasOrder(shown, tried: (call, answer) => _ = call == culprit && allowed.Add(answer.Brief));
        return string.Join('\n',
        [
            $"{part}: no order explains the answer of call {culprit.Number}, {culprit.Member} of client {culprit.Client}.",
            "begin   end  client  call",
            .. shown.Select(call => $"{call.Began,5} {(call.IsAnswered ? $"{call.Ended}" : "–"),5}  {call.Client,-6}  {call.Number}: {call.Member}({call.Arguments}) → {call.Answer?.Brief ?? "no answer"}"),
            $"The contract would answer: {string.Join(" or ", allowed)}",
        ]);
    }

    /// <summary>What had happened at a time: calls that had not ended have no answer yet.</summary>
    private static List<Call> Until(List<Call> calls, int end) =>
        [.. calls.Where(call => call.Began < end).Select(call => call.Ended <= end ? call : call with { Ended = int.MaxValue, Answer = null })];

    /// <param name="tried">Is given each answer of the contract to a call.</param>
    private bool HasOrder(List<Call> calls, Action<Call, Answer>? tried = null)
    {
        var (left, isDone) = (calls.Count(call => call.IsAnswered), new bool[calls.Count]);
        var start = Known(Known(new AbstractStore()), null, false);
        var visited = new HashSet<(BigInteger, State)>(VisitComparer.Instance) { (BigInteger.Zero, start) };
        var way = new Stack<(BigInteger Done, int Last, IEnumerator<(int Call, State Next)> Moves)>();
        way.Push((BigInteger.Zero, -1, Moves(calls, isDone, start, tried).GetEnumerator()));
        while (left > 0 && way.TryPeek(out var here))
        {
            if (here.Moves.MoveNext())
            {
                var (call, next) = here.Moves.Current;
                var done = here.Done | (BigInteger.One << call);
                if (visited.Add((done, next)))
                {
                    (isDone[call], left) = (true, left - (calls[call].IsAnswered ? 1 : 0));
                    way.Push((done, call, Moves(calls, isDone, next, tried).GetEnumerator()));
                }
            }
            else
            {
                way.Pop();
                if (here.Last >= 0)
                {
                    (isDone[here.Last], left) = (false, left + (calls[here.Last].IsAnswered ? 1 : 0));
                }
            }
        }

        _visited += visited.Count;
        return left == 0;
    }

    /// <summary>The calls that may take effect next: those that began before any other of them ended.</summary>
    private IEnumerable<(int Call, State Next)> Moves(List<Call> calls, bool[] isDone, State state, Action<Call, Answer>? tried)
    {
        var firstEnd = int.MaxValue;
        var open = new List<int>();
        for (var index = 0; index < calls.Count && calls[index].Began < firstEnd; index++)
        {
            if (!isDone[index])
            {
                open.Add(index);
                firstEnd = Math.Min(firstEnd, calls[index].Ended);
            }
        }

        foreach (var index in open.Where(index => calls[index].Began < firstEnd).OrderBy(index => calls[index].Ended))
        {
            var call = calls[index];
            foreach (var (next, answer) in Outcomes(call, state))
            {
                tried?.Invoke(call, answer);

                // What nobody was answered and changes nothing need not happen.
                if (call.IsAnswered ? call.Answer!.Exact == answer.Exact : !ReferenceEquals(next, state))
                {
                    _ = !ReferenceEquals(next, state) && _writers.Add(call.Number);
                    yield return (index, next);
                }
            }
        }
    }

    private IEnumerable<(State Next, Answer Answer)> Outcomes(Call call, State state)
    {
        if (call.Member == History.FailOver)
        {
            for (var earlier = state; earlier is not null; earlier = earlier.Before)
            {
                yield return (earlier, call.Answer!);
                yield return (Known(earlier.Store, earlier.Before, true), call.Answer!);
            }

            yield break;
        }

        if (!_steps.TryGetValue((call.Number, state.Store), out var step))
        {
            var (next, answer) = call.Step(state.Store);
            _steps[(call.Number, state.Store)] = step = (ReferenceEquals(next, state.Store) ? next : Known(next), Answer.Of(answer));
        }

        yield return (
            ReferenceEquals(step.Next, state.Store) ? state : Known(step.Next, mayForget ? state : null, state.HasLostCode),
            state.HasLostCode && call.Member == nameof(Storage.IPairingStore.FindByUserCodeAsync) ? Answer.Of(null) : step.Answer);
    }

    private State Known(AbstractStore store, State? before, bool hasLostCode)
    {
        if (!_states.TryGetValue((store, before, hasLostCode), out var state))
        {
            _states[(store, before, hasLostCode)] = state = new State(store, before, hasLostCode);
        }

        return state;
    }

    private AbstractStore Known(AbstractStore store)
    {
        var text = JsonSerializer.Serialize((
            store.Pairings,
            store.Devices.OrderBy(device => device.Id, StringComparer.Ordinal),
            store.Tokens.OrderBy(token => token.Id),
            store.SignOuts), Fields);
        return _stores.TryGetValue(text, out var known) ? known : _stores[text] = store;
    }

    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };
}

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
/// <param name="mayForget">
/// Whether a fail-over may take each pairing back to an earlier state of its own, or lose its user code. An old primary that comes back may answer until it becomes a replica.
/// </param>
internal sealed class Checker(bool mayForget = false)
{
    private readonly Dictionary<string, Contents> _contents = new(StringComparer.Ordinal);
    private readonly Dictionary<(int Contents, int? Before, bool HasLostCode, int? Deposed), State> _states = [];
    private readonly Dictionary<(int Call, int Contents), (Contents Next, Answer Answer)> _steps = [];
    private readonly HashSet<int> _writers = []; // calls that changed something when they got their answer
    private long _visited;

    public static Verdict Check(IReadOnlyList<Call> calls, bool mayForget = false)
    {
        var marks = calls.Where(call => call.IsMark && mayForget).ToArray();
        var visited = 0L;
        foreach (var part in calls.Where(call => !call.IsMark).GroupBy(call => call.Part, StringComparer.Ordinal))
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

    /// <summary>What the store may hold. The same is there only once, and so has one number.</summary>
    private sealed record Contents(int Number, AbstractStore Store);

    /// <summary>A state that the store may be in. The same is there only once, and so has one number.</summary>
    /// <param name="Before">The state before the last change, if a fail-over may go back to it.</param>
    /// <param name="HasLostCode">Whether the user code leads nowhere. In a cluster it may be on another node than the pairing.</param>
    /// <param name="Deposed">The state of a former primary that came back and does not know yet that it was replaced. It may still answer.</param>
    private sealed record State(int Number, Contents Contents, State? Before, bool HasLostCode, State? Deposed);

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
        var start = Known(Known(new AbstractStore()), null);
        var visited = new HashSet<(BigInteger, int)> { (BigInteger.Zero, start.Number) };
        var way = new Stack<(BigInteger Done, int Last, IEnumerator<(int Call, State Next)> Moves)>();
        way.Push((BigInteger.Zero, -1, Moves(calls, isDone, start, tried).GetEnumerator()));
        while (left > 0 && way.TryPeek(out var here))
        {
            if (here.Moves.MoveNext())
            {
                var (call, next) = here.Moves.Current;
                var done = here.Done | (BigInteger.One << call);
                if (visited.Add((done, next.Number)))
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
        switch (call.Member)
        {
            case History.FailOver:
                var deposed = call.Arguments == History.ComesBack ? state : null;
                for (var earlier = state; earlier is not null; earlier = earlier.Before)
                {
                    yield return (Known(earlier.Contents, earlier.Before, false, deposed), call.Answer!);
                    yield return (Known(earlier.Contents, earlier.Before, true, deposed), call.Answer!);
                }

                break;
            case History.FailedOver:
                yield return (Known(state.Contents, state.Before, state.HasLostCode), call.Answer!);
                break;
            default:
                var (next, answer) = Take(call, state);
                yield return (next, answer);
                if (state.Deposed is not null)
                {
                    (next, answer) = Take(call, state.Deposed);
                    yield return (Known(state.Contents, state.Before, state.HasLostCode, next), answer);
                }

                break;
        }
    }

    /// <summary>One step of the contract.</summary>
    private (State Next, Answer Answer) Take(Call call, State state)
    {
        if (!_steps.TryGetValue((call.Number, state.Contents.Number), out var step))
        {
            var (next, answer) = call.Step(state.Contents.Store);
            _steps[(call.Number, state.Contents.Number)] = step = (ReferenceEquals(next, state.Contents.Store) ? state.Contents : Known(next), Answer.Of(answer));
        }

        return (
            ReferenceEquals(step.Next, state.Contents) ? state : Known(step.Next, mayForget ? state : null, state.HasLostCode, state.Deposed),
            state.HasLostCode && call.Member == nameof(Storage.IPairingStore.FindByUserCodeAsync) ? Answer.Of(null) : step.Answer);
    }

    private State Known(Contents contents, State? before, bool hasLostCode = false, State? deposed = null)
    {
        var key = (contents.Number, before?.Number, hasLostCode, deposed?.Number);
        return _states.TryGetValue(key, out var state) ? state : _states[key] = new State(_states.Count, contents, before, hasLostCode, deposed);
    }

    private Contents Known(AbstractStore store)
    {
        var text = JsonSerializer.Serialize((
            store.Pairings,
            store.Devices.OrderBy(device => device.Id, StringComparer.Ordinal),
            store.Tokens.OrderBy(token => token.Id),
            store.SignOuts), Fields);
        return _contents.TryGetValue(text, out var known) ? known : _contents[text] = new Contents(_contents.Count, store);
    }

    private static readonly JsonSerializerOptions Fields = new() { IncludeFields = true };
}

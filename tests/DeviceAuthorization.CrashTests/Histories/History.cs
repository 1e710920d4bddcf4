using System.Collections;
using System.Reflection;
using System.Text.Json;
using DeviceAuthorization.ModelCheck;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.CrashTests;

/// <summary>A call of a store as its client saw it, and what the contract says about it.</summary>
/// <param name="Number">Its place among all calls, in the order in which they began.</param>
/// <param name="Part">The pairing or the owner that it is about. Calls of different parts have nothing to do with one another.</param>
/// <param name="Step">What it does in one atomic step.</param>
internal sealed record Call(int Number, string Client, string Part, string Member, string Arguments, Func<AbstractStore, (AbstractStore Next, object? Answer)> Step, int Began)
{
    /// <summary>When the answer arrived; never, if it did not. Then the call may take effect at any later time, or never.</summary>
    public int Ended { get; set; } = int.MaxValue;

    public Answer? Answer { get; set; }

    public bool IsAnswered => Answer is not null;

    /// <summary>Whether it is a mark, which belongs to every part.</summary>
    public bool IsMark => Member is History.FailOver or History.FailedOver;

    public bool IsRead => Member.StartsWith("Find", StringComparison.Ordinal) || Member.StartsWith("List", StringComparison.Ordinal) || Member.StartsWith("Count", StringComparison.Ordinal);
}

/// <summary>What a store answered.</summary>
/// <param name="Exact">All of it that the contract fixes.</param>
internal sealed record Answer(string Exact, object? Value)
{
    /// <summary>For people.</summary>
    public string Brief => Shorten(Value);

    public static Answer Of(object? answer) => new(ExactOf(answer), answer);

    /// <summary>Shows what distinguishes records.</summary>
    public static string Shorten(object? value) => value switch
    {
        null => "nothing",
        string text => text.Length > 12 ? text[..6] + "…" : text,
        Pairing pairing => $"{pairing.Status} v{pairing.Version} by {pairing.ApproverId ?? "nobody"}, {Shorten(pairing.Pacing)}",
        Pacing pacing => $"due {pacing.DueAt:mm:ss.fff} every {pacing.Interval.TotalSeconds} s",
        PollAttempt attempt => attempt.IsAccepted ? "accepted" : $"not accepted: {Shorten(attempt.Pairing)}",
        Device device => $"device {Shorten(device.Id)} v{device.Version} \"{device.Name}\" {device.ClientDeviceIdentifier}",
        AccessToken token => $"token {Shorten(token.Hash)} v{token.Version} \"{token.Name}\"{(token.RevokedAt is null ? "" : " revoked")}",
        TokenWithDevice { Token: var token, Device: var device } => $"{Shorten(token)} of {Shorten(device)}",
        TokenIssue issue => $"{Shorten(issue.Token)}{(issue.IsOverLimit ? ", over the limit" : "")}, replaced {Shorten(issue.Replaced)}",
        TokenIssueConditions issue => $"most {issue.MaxLiveTokens}, signed out {issue.SignOuts}{(issue.ReplacesEarlier ? ", replaces" : "")}",
        EndedAccess ended => $"{ended.Devices} devices, {Shorten(ended.Tokens)}",
        DateTimeOffset time => $"{time:mm:ss.fff}",
        IEnumerable many => $"[{string.Join(", ", many.Cast<object>().Select(Shorten))}]",
        _ => $"{value}",
    };

    /// <summary>The order of tokens of the same age is a store's own, as are the device and the last use of a revoked token.</summary>
    private static string ExactOf(object? answer) => answer switch
    {
        PollAttempt attempt => attempt.IsAccepted ? "accepted" : ExactOf(attempt.Pairing),
        AccessToken { RevokedAt: not null } token => JsonSerializer.Serialize(token with { DeviceId = null, LastUsedAt = null }),
        TokenIssue issue => $"{issue.IsOverLimit} {ExactOf(issue.Token)} {ExactOf(issue.Replaced)}",
        EndedAccess ended => $"{ended.Devices} {ExactOf(ended.Tokens)}",
        IReadOnlyList<AccessToken> tokens => string.Join('\n', tokens.Select(ExactOf).Order(StringComparer.Ordinal)),
        IEnumerable<string> hashes => string.Join(' ', hashes.Order(StringComparer.Ordinal)),
        _ => JsonSerializer.Serialize(answer),
    };
}

/// <summary>Says which step of the contract a call stands for.</summary>
internal sealed class Contract : StorePorts
{
    private Func<AbstractStore, (AbstractStore, object?)>? _step;

    public static Func<AbstractStore, (AbstractStore Next, object? Answer)> StepOf(Func<StorePorts, object?> call)
    {
        var contract = new Contract();
        _ = call(contract);
        return contract._step!;
    }

    protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
    {
        _step = store =>
        {
            var (next, answer) = step(store);
            return (next, answer);
        };
        return default;
    }
}

/// <summary>What the clients of a store asked and were answered, in the order in which it happened.</summary>
internal sealed class History
{
    /// <summary>The member of a mark: at one moment between its begin and its end, the store may fall back to an earlier state.</summary>
    public const string FailOver = "fail-over";

    /// <summary>The member of a mark: from now on nothing answers but the new primary.</summary>
    public const string FailedOver = "failed over";

    /// <summary>The argument of a fail-over whose former primary comes back.</summary>
    public const string ComesBack = "comes back";

    /// <summary>As <see cref="DeviceAuthorizationOptions.StoreTimeout"/>, but short. Where nothing goes wrong every call must be answered, on a busy machine too.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<Call> _calls = [];
    private readonly List<(Func<bool> IsReached, TaskCompletionSource Signal)> _waiting = [];
    private int _now;
    private int _next;

    /// <summary>How many calls were answered.</summary>
    public int Answered { get; private set; }

    /// <summary>How many calls that may write were not answered.</summary>
    public int Unknown { get; private set; }

    /// <summary>How many calls were not answered.</summary>
    public int Failed { get; private set; }

    /// <summary>The last reason why a call was not answered.</summary>
    public Exception? Trouble { get; private set; }

    /// <summary>Writes each call before it begins, and each answer, for another process.</summary>
    public Action<string>? Write { get; init; }

    public IReadOnlyList<Call> Calls
    {
        get
        {
            lock (_gate)
            {
                return [.. _calls];
            }
        }
    }

    public Call Begin(string client, string part, string member, string arguments, Func<AbstractStore, (AbstractStore, object?)> step)
    {
        lock (_gate)
        {
            var call = new Call(_next++, client, part, member, arguments, step, _now++);
            _calls.Add(call);
            return call;
        }
    }

    public Call Begin(string client, string part, MethodInfo member, object?[] arguments) =>
        Begin(client, part, member.Name, string.Join(", ", arguments[..^1].Select(Answer.Shorten)), Contract.StepOf(contract => member.Invoke(contract, arguments)));

    public void End(Call call, Answer answer)
    {
        lock (_gate)
        {
            (call.Ended, call.Answer) = (_now++, answer);
            Answered += call.IsMark ? 0 : 1;
            Signal();
        }
    }

    /// <summary>No answer arrived. A read without one says nothing, and is left out.</summary>
    public void Fail(Call call, Exception reason)
    {
        lock (_gate)
        {
            (Trouble, Failed) = (reason, Failed + 1);
            if (call.IsRead)
            {
                _calls.Remove(call);
            }
            else
            {
                Unknown++;
            }

            Signal();
        }
    }

    /// <summary>Marks a fail-over.</summary>
    /// <param name="comesBack">Whether the former primary answers again before it knows that it was replaced.</param>
    public async Task FailOverAsync(Func<Task> failOver, bool comesBack = false)
    {
        var mark = Begin("–", "", FailOver, comesBack ? ComesBack : "", store => (store, null));
        await failOver();
        End(mark, Answer.Of(null));
        End(Begin("–", "", FailedOver, "", store => (store, null)), Answer.Of(null));
    }

    /// <summary>Waits until the clients got so far.</summary>
    public Task UntilAsync(Func<bool> isReached)
    {
        lock (_gate)
        {
            if (isReached())
            {
                return Task.CompletedTask;
            }

            var signal = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((isReached, signal));
            return signal.Task;
        }
    }

    private void Signal()
    {
        foreach (var waiting in _waiting.Where(waiting => waiting.IsReached()).ToArray())
        {
            _waiting.Remove(waiting);
            waiting.Signal.SetResult();
        }
    }
}

/// <summary>A real store, whose calls are noted in a history. A call that is not answered in time is given up, and may still take effect.</summary>
/// <typeparam name="TStore"><see cref="IPairingStore"/> or <see cref="IDeviceRepository"/>.</typeparam>
#pragma warning disable CA1852 // the proxies derive from it
internal class Recorded<TStore> : DispatchProxy
#pragma warning restore CA1852
    where TStore : class
{
    private TStore _store = null!;
    private History _history = null!;
    private string _client = null!;
    private string _part = null!;

    public static TStore Of(TStore store, History history, string client, string part)
    {
        var recorded = Create<TStore, Recorded<TStore>>();
        var self = (Recorded<TStore>)(object)recorded;
        (self._store, self._history, self._client, self._part) = (store, history, client, part);
        return recorded;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var (member, arguments) = (targetMethod!, args!);
        if (member.ReturnType == typeof(ValueTask))
        {
            return new ValueTask(RecordAsync(member, arguments, async cancelled =>
            {
                await (ValueTask)Call(member, arguments, cancelled);
                return true;
            }));
        }

        var answer = member.ReturnType.GetGenericArguments()[0];
        return typeof(Recorded<TStore>).GetMethod(nameof(Answered), BindingFlags.Instance | BindingFlags.NonPublic)!.MakeGenericMethod(answer).Invoke(this, [member, arguments]);
    }

    private ValueTask<T> Answered<T>(MethodInfo member, object?[] arguments) =>
        new(RecordAsync(member, arguments, cancelled => ((ValueTask<T>)Call(member, arguments, cancelled)).AsTask()));

    private object Call(MethodInfo member, object?[] arguments, CancellationToken cancelled) =>
        member.Invoke(_store, BindingFlags.DoNotWrapExceptions, null, [.. arguments[..^1], cancelled], null)!;

    private async Task<T> RecordAsync<T>(MethodInfo member, object?[] arguments, Func<CancellationToken, Task<T>> send)
    {
        using var patience = new CancellationTokenSource(_history.Patience);
        var call = _history.Begin(_client, _part, member, arguments);
        _history.Write?.Invoke(JsonSerializer.Serialize(new WrittenCall(call.Number, _client, _part, typeof(TStore) == typeof(IPairingStore), member.Name, [.. arguments[..^1].Select(argument => JsonSerializer.Serialize(argument))])));
        try
        {
            var answer = await Task.Run(() => send(patience.Token), CancellationToken.None).WaitAsync(patience.Token);
            _history.End(call, Answer.Of(answer));
            _history.Write?.Invoke(JsonSerializer.Serialize(new WrittenAnswer(call.Number, call.Answer!.Exact, call.Answer.Brief)));
            return answer;
        }
        catch (Exception exception)
        {
            _history.Fail(call, exception);
            throw;
        }
    }
}

using System.Net;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Simulation;

/// <summary>What must hold, at each step and at the end. It sees what the stores hold, what nodes answer, log and report, and how it ends for each actor.</summary>
internal sealed class Invariants(World world) : IPairingEvents, ILoggerFactory, ILogger
{
    /// <summary>How late after a decision a held poll may be answered: the store is asked once a second.</summary>
    private static readonly TimeSpan LongestWakeUp = TimeSpan.FromSeconds(3);

    /// <summary>How long before the end of a pairing an approval must come, to be sure to arrive: a device that met trouble may wait for a minute between two polls.</summary>
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(150);

    private readonly HashSet<(Type, Guid)> _reported = [];
    private readonly List<string> _secrets = [];
    private readonly Dictionary<Guid, (TimeSpan At, TimeSpan Due)> _decided = [];
    private readonly Dictionary<Guid, TimeSpan> _redeemed = [];

    /// <summary>The first that was found; null if all is well.</summary>
    public string? Violation { get; private set; }

    public int OpenRequests { get; private set; }

    public void Violate(string what)
    {
        if (Violation is null)
        {
            Violation = what;
            world.Scheduler.Say($"VIOLATION: {what}");
        }
    }

    public void Begin() => OpenRequests++;

    public void End() => OpenRequests--;

    public void Abandoned(int requests) => OpenRequests -= requests;

    public void Keep(string? secret)
    {
        if (secret is not null)
        {
            _secrets.Add(secret);
            _secrets.Add(secret.Replace("-", "", StringComparison.Ordinal));
        }
    }

    public void Stepped(Node? node, string call, object? arguments, AbstractStore before, AbstractStore after)
    {
        for (var index = 0; index < after.Pairings.Count; index++)
        {
            var (was, pairing) = (index < before.Pairings.Count ? before.Pairings[index] : null, after.Pairings[index]);
            if (ReferenceEquals(was, pairing))
            {
                continue;
            }

            if (was?.Status != pairing.Status)
            {
                world.Scheduler.Say($"{node?.Name}: pairing {index + 1} is {pairing.Status}");
                if (pairing.Status != PairingStatus.Pending)
                {
                    // A poll that finds a number to show may be held for one interval more: the device may show it already.
                    var due = world.Scheduler.Now + LongestWakeUp + (pairing.Status == PairingStatus.Matching ? pairing.Pacing.Interval : TimeSpan.Zero);
                    _decided.TryAdd(pairing.Id, (world.Scheduler.Now, due));
                }

                if (pairing.Status == PairingStatus.Redeemed)
                {
                    _redeemed[pairing.Id] = world.Scheduler.Now;
                }
            }

            Require(
                was is not { Status: PairingStatus.Denied or PairingStatus.Redeemed or PairingStatus.Withdrawn } || (was.Status, was.ApproverId, was.Version) == (pairing.Status, pairing.ApproverId, pairing.Version),
                "a terminal state never changes");
            Require(
                was is null || call != "accept poll" || arguments is not ValueTuple<string, string?, DateTimeOffset> { Item3: var now } || !was.Pacing.IsTooEarly(now),
                "a poll that comes too early is not accepted");
            Require(was is null || pairing.Pacing.Interval >= was.Pacing.Interval, "an interval never becomes shorter");
        }

        if (!ReferenceEquals(before.Tokens, after.Tokens))
        {
            world.Scheduler.Say($"{node?.Name}: \"{call}\" changes the tokens");
            Require(before.Tokens.All(was => was.RevokedAt is null || after.Tokens.Exists(token => token.Id == was.Id && token.RevokedAt == was.RevokedAt)), "a revoked token stays revoked");
            Require(after.Tokens.DistinctBy(token => token.PairingId).Count() == after.Tokens.Count, "a pairing makes at most one token");
            var live = after.Tokens.FindAll(token => token.RevokedAt is null);
            Require(live.DistinctBy(token => token.DeviceId, StringComparer.Ordinal).Count() == live.Count, "a device has at most one live token");
            foreach (var token in live)
            {
                var pairing = after.ById(token.PairingId)!;
                Require(
                    pairing.Status is PairingStatus.Approved or PairingStatus.Redeemed or PairingStatus.Withdrawn && pairing.ApproverId == token.UserId,
                    "a token comes only after an approval by its user");
                Require(
                    pairing.Grant is not { } grant || (token.Scopes.All(grant.Scopes.Contains) && grant.Scopes.All(pairing.RequestedScopes.Contains)),
                    "a token has no scope beyond the approval");
                Require(!(pairing.Grant?.SignOuts < after.SignOutsOf(token.UserId)), "a sign-out ends every token");
            }
        }
    }

    /// <summary>A request ended with an exception.</summary>
    public void Failed(Node node, Exception exception) => Require(exception is IOException or TimeoutException && !world.IsCalm, $"every request is answered, but {node.Name} threw {exception}");

    public void Answered(Node node, Answer answer, TimeSpan began) => Require(
        answer.Status < 500 || (answer.Status == (int)HttpStatusCode.ServiceUnavailable && began < world.CalmFrom), $"no node answers {answer.Status}, as {node.Name} did");

    /// <param name="wasLive">Whether the token was live when the call arrived.</param>
    public void Called(string tokenHash, bool wasLive, int status)
    {
        Require(wasLive || status != 200, "no call passes with a token that has ended");
        Require(status != 401 || !wasLive || !world.IsLive(tokenHash), "a live token is accepted");
    }

    /// <summary>The end of some tokens was acknowledged.</summary>
    public void AccessEnded(bool isRefused, Predicate<AccessToken> of) => Require(isRefused || !world.Store.Tokens.Exists(token => token.RevokedAt is null && of(token)), "an acknowledged end is the end");

    /// <summary>A poll that may be held was answered.</summary>
    public void Held(string? deviceCodeHash, TimeSpan began) => Require(
        deviceCodeHash is null
        || world.Store.ByDeviceCode(deviceCodeHash) is not { } pairing
        || !_decided.TryGetValue(pairing.Id, out var decided)
        || began > decided.At || decided.At < world.CalmFrom || world.Scheduler.Now < decided.Due,
        "a decision wakes the polls that are held for it");

    /// <summary>All actors have ended, or the time is over.</summary>
    public void Ended(Cast cast)
    {
        if (Violation is not null)
        {
            return;
        }

        Require(cast.Threw is null, $"no actor throws: {cast.Threw}");
        Require(cast.IsDone, "every actor ends");
        Require(OpenRequests == 0, "every request ends");
        foreach (var run in cast.Runs)
        {
            var pairing = world.Store.ByDeviceCode(run.DeviceCodeHash)!;
            Require(
                run.TokenHash is null || (pairing.Status == PairingStatus.Redeemed && world.Store.TokenOf(pairing.Id)?.Hash == run.TokenHash && run.MayBeApprovedBy.Contains(pairing.ApproverId!)),
                $"a device has only the token that its approver gave it: {run.Name}");
            Require(
                run.Approved is not { } approved || run.TokenHash is not null || run.GaveUp || IsExcused(pairing, run, approved), $"an acknowledged approval ends with a token: {run.Name} ended with \"{run.Ending}\"");
        }
    }

    /// <summary>Each effect is reported at most once, even if requests race or are repeated.</summary>
    public ValueTask OnAsync(PairingEvent happened)
    {
        Guid? subject = happened switch
        {
            PairingEvent.Started { Pairing.Id: var id } => id,
            PairingEvent.Approved { Pairing.Id: var id } => id,
            PairingEvent.NumberMatchingStarted { Pairing.Id: var id } => id,
            PairingEvent.Denied { Pairing.Id: var id } => id,
            PairingEvent.Redeemed { Pairing.Id: var id } => id,
            PairingEvent.Withdrawn { Pairing.Id: var id } => id,
            PairingEvent.Expired { Pairing.Id: var id } => id,
            PairingEvent.Replayed { Pairing.Id: var id } => id,
            PairingEvent.Revoked { Token.Id: var id } => id,
            PairingEvent.TokenEnded { Token.Id: var id } => id,
            _ => null,
        };
        Require(subject is null || _reported.Add((happened.GetType(), subject.Value)), $"each event is reported once, but not {happened.GetType().Name}");
        return ValueTask.CompletedTask;
    }

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            var line = formatter(state, exception) + exception;
            Require(_secrets.TrueForAll(secret => !line.Contains(secret, StringComparison.OrdinalIgnoreCase)), $"no secret is logged, as in event {eventId}");
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider)
    {
    }

    public void Dispose()
    {
    }

    private bool IsExcused(Pairing pairing, Run run, (string User, TimeSpan At) approved) =>
        run.Started + world.Plan.Lifetime - Later(approved.At, world.CalmFrom) < Enough // expired
        || (_redeemed.TryGetValue(pairing.Id, out var redeemed) && redeemed < world.CalmFrom) // the answer was lost
        || world.Store.Locked.Contains(approved.User)
        || pairing.Grant?.SignOuts < world.Store.SignOutsOf(approved.User)
        || world.Store.TokenOf(pairing.Id) is { RevokedAt: not null }
        || (pairing.Grant?.DeviceId is { } device && world.Store.DeviceOf(approved.User, device) is null);

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private void Require(bool holds, string what)
    {
        if (!holds)
        {
            Violate(what);
        }
    }
}

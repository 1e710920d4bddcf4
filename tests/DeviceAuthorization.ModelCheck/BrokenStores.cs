using DeviceAuthorization.Storage;

namespace DeviceAuthorization.ModelCheck;

/// <summary>A compare-and-swap that does not compare: the last writer wins.</summary>
internal sealed class ReplacesWithoutVersion(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var named = Named(pairing);
        return StepAsync("replace without version", (named, now), store => store.Replace(named with { Version = store.ById(named.Id)!.Version }, now));
    }
}

/// <summary>A poll that reads the record, and writes all of it back.</summary>
internal sealed class PollWritesWholeRecord(Scenario scenario) : Replay(scenario)
{
    public override async ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var read = await FindByDeviceCodeAsync(deviceCodeHash, cancellationToken);
        if (read is not { Status: PairingStatus.Pending } || !read.BelongsTo(clientId) || now >= read.ExpiresAt || read.Pacing.IsTooEarly(now))
        {
            return PollAttempt.NotAccepted(read);
        }

        var polled = read with { Pacing = read.Pacing.Accepted(now) };
        return await StepAsync("write the whole record", polled, store => (store.Put(polled), PollAttempt.Accepted));
    }
}

/// <summary>A replacement in two steps: delete the old record, insert the new one.</summary>
internal sealed class DeletesThenInserts(Scenario scenario) : Replay(scenario)
{
    public override async ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var named = Named(pairing);
        var deleted = await StepAsync("delete", (named.Id, named.Version, now), store =>
            store.ById(named.Id) is { } stored && stored.Version == named.Version && now < stored.ExpiresAt
                ? (store with { Pairings = store.Pairings.Remove(stored) }, stored)
                : (store, (Pairing?)null));
        return deleted is not null
            && await StepAsync("insert", (named, deleted.Pacing), store => (store.Put(named with { Pacing = deleted.Pacing, Version = named.Version + 1 }), true));
    }
}

/// <summary>A poll that marks the pairing as redeemed, then issues the token, and takes the mark back if it gets none.</summary>
internal sealed class RedeemsBeforeItIssues(Scenario scenario) : Replay(scenario)
{
    public override async ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken)
    {
        var pairing = await StepAsync("find by id", token.PairingId, store => (store, store.ById(token.PairingId)));
        if (pairing is not { Status: PairingStatus.Approved }
            || !await base.TryReplaceAsync(pairing with { Status = PairingStatus.Redeemed, RedeemedAt = issue.Now }, issue.Now, cancellationToken))
        {
            return new TokenIssue(null, false);
        }

        var issued = await base.TryIssueTokenAsync(token, issue, cancellationToken);
        if (issued.Token is null)
        {
            await base.TryReplaceAsync(pairing with { Version = pairing.Version + 1 }, issue.Now, cancellationToken);
        }

        return issued;
    }

    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        pairing.Status == PairingStatus.Redeemed ? ValueTask.FromResult(true) : base.TryReplaceAsync(pairing, now, cancellationToken);
}

/// <summary>A pairing can get a second token.</summary>
internal sealed class IssuesAgain(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        StepAsync("issue again", token, store => (store with { Tokens = store.Tokens.Add(token) }, new TokenIssue(token, false)));
}

/// <summary>A token is issued however often its user was signed out meanwhile.</summary>
internal sealed class IssuesAfterSignOut(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        base.TryIssueTokenAsync(token, issue with { SignOuts = null }, cancellationToken);
}

/// <summary>A slow-down that does not compare the pacing that was read.</summary>
internal sealed class SlowsDownWithoutComparing(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        StepAsync("slow down without comparing", (read.Id, slower), store => (store.Put(store.ById(read.Id)! with { Pacing = slower }), true));
}

/// <summary>A denial that takes effect even if the pairing was decided meanwhile.</summary>
internal sealed class DeniesWithoutVersion(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) => pairing.Status != PairingStatus.Denied
        ? base.TryReplaceAsync(pairing, now, cancellationToken)
        : StepAsync("deny without version", (pairing, now), store => store.Replace(pairing with { Version = store.ById(pairing.Id)!.Version }, now));
}

/// <summary>A store that does not say who decided: each record names bob.</summary>
internal sealed class ForgetsWhoDecided(Scenario scenario) : Replay(scenario)
{
    public override async ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        await base.FindByUserCodeAsync(userCodeHash, cancellationToken) is { } pairing ? pairing with { ApproverId = "bob" } : null;
}

/// <summary>A store that forgets the key of the poll that redeemed.</summary>
internal sealed class ForgetsTheKey(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        base.TryReplaceAsync(pairing with { IdempotencyKeyHash = null }, now, cancellationToken);
}

/// <summary>Reads come from a replica that never catches up.</summary>
internal sealed class ReadsFromStaleReplica(Scenario scenario) : Replay(scenario)
{
    public override ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        StepAsync("find in replica", userCodeHash, store => (store, Initial.ByUserCode(userCodeHash)));
}

namespace DeviceAuthorization.ModelCheck;

/// <summary>What must hold at every step.</summary>
/// <param name="Name">As the trace and the tests name it.</param>
internal sealed record Invariant(string Name, Func<Step, bool> Holds);

internal static class Invariants
{
    public static readonly Invariant[] All =
    [
        new(nameof(Every_operation_ends_with_an_answer), Every_operation_ends_with_an_answer),
        new(nameof(A_pairing_has_at_most_one_live_token), A_pairing_has_at_most_one_live_token),
        new(nameof(A_token_comes_only_after_an_approval_by_a_user_who_may), A_token_comes_only_after_an_approval_by_a_user_who_may),
        new(nameof(An_acknowledged_approval_can_be_redeemed_or_was), An_acknowledged_approval_can_be_redeemed_or_was),
        new(nameof(A_lost_answer_can_be_fetched_again), A_lost_answer_can_be_fetched_again),
        new(nameof(A_terminal_state_never_changes), A_terminal_state_never_changes),
        new(nameof(Nobody_learns_the_decision_of_another), Nobody_learns_the_decision_of_another),
        new(nameof(A_slow_down_never_shortens), A_slow_down_never_shortens),
        new(nameof(Access_ends_with_the_account), Access_ends_with_the_account),
    ];

    private static bool Every_operation_ends_with_an_answer(Step step) => step.Result is not Exception;

    /// <summary>In the store, and in the hands of devices.</summary>
    private static bool A_pairing_has_at_most_one_live_token(Step step) =>
        step.After.Tokens.Where(token => token.IsLive(step.Now)).GroupBy(token => token.PairingId).All(tokens => tokens.Count() == 1)
        && step.Actors.Zip(step.Checker.Replay.Actors).Where(pair => pair.First.Token is not null).GroupBy(pair => pair.Second.Pairing, pair => pair.First.Token)
            .All(tokens => tokens.Distinct(StringComparer.Ordinal).Count() == 1);

    /// <summary>A withdrawn pairing may have one: it was issued while the device withdrew.</summary>
    private static bool A_token_comes_only_after_an_approval_by_a_user_who_may(Step step) => step.After.Tokens.All(token =>
        step.After.ById(token.PairingId) is { Status: PairingStatus.Approved or PairingStatus.Redeemed or PairingStatus.Withdrawn } pairing
        && pairing.ApproverId == token.UserId
        && token.UserId != Scenario.Stranger
        && (pairing.Grant is null || pairing.Grant.Scopes.SequenceEqual(token.Scopes, StringComparer.Ordinal)));

    /// <summary>
    /// Until its deadline. It was redeemed if its token was issued. It can be redeemed if a poll gets the token that comes now, while nobody else does anything.
    /// It ends with the account, when the device withdraws, and when a later token of the same device replaces its token.
    /// </summary>
    private static bool An_acknowledged_approval_can_be_redeemed_or_was(Step step)
    {
        foreach (var (state, actor) in step.Actors.Zip(step.Checker.Replay.Actors))
        {
            if (step.Now < state.Acknowledged
                && step.After.ById(PairingOf(step, actor).Id) is var pairing
                && pairing is not { Status: PairingStatus.Withdrawn }
                && !HasEnded(step.After, actor.UserId!, pairing)
                && !(pairing is { Status: PairingStatus.Redeemed } && step.After.TokenOf(pairing.Id) is not null)
                && !IsReplaced(step.After, pairing)
                && step.Checker.Alone(step.Store, step.Moment, step.Checker.Replay.Poll(actor.Pairing)) is not PollResult.Paired)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>With the same <c>Idempotency-Key</c>, soon enough, and before the token is used: the same token.</summary>
    private static bool A_lost_answer_can_be_fetched_again(Step step) =>
        step.Checker.Replay.Scenario.Key is null
        || step.After.Pairings.Select((pairing, index) => (Pairing: pairing, Index: index)).All(at =>
            at.Pairing is not { Status: PairingStatus.Redeemed, ApproverId: { } user }
            || step.Now >= at.Pairing.RedeemedAt + Pairing.RedeliveryWindow
            || HasEnded(step.After, user, at.Pairing)
            || step.After.TokenOf(at.Pairing.Id) is { } and not { RevokedAt: null, LastUsedAt: null }
            || (step.Checker.Alone(step.Store, step.Moment, step.Checker.Replay.Poll(at.Index)) is PollResult.Paired paired
                && paired.Issued.Id == step.After.TokenOf(at.Pairing.Id)?.Id));

    /// <summary>Denied, redeemed or withdrawn; and a revoked token stays revoked.</summary>
    private static bool A_terminal_state_never_changes(Step step) =>
        step.Before.Pairings.All(before => before.Status is not (PairingStatus.Denied or PairingStatus.Redeemed or PairingStatus.Withdrawn)
            || (step.After.ById(before.Id) is { } after
                && (after.Status, after.Version, after.ApproverId, after.RedeemedAt, after.Grant?.TokenSalt)
                    == (before.Status, before.Version, before.ApproverId, before.RedeemedAt, before.Grant?.TokenSalt)))
        && step.Before.Tokens.All(before => before.RevokedAt is null || step.After.Tokens.Exists(after => after.Id == before.Id && after.RevokedAt == before.RevokedAt));

    /// <summary>For everyone but the user who decided, the code is unknown.</summary>
    private static bool Nobody_learns_the_decision_of_another(Step step)
    {
        if (step.Result is PollResult.Paired paired)
        {
            return paired.Issued.PairingId == PairingOf(step, step.Actor!).Id;
        }

        if (step.Result is not ApproverResult result)
        {
            return true;
        }

        var (user, pairing) = (step.Actor!.UserId, step.After.ById(PairingOf(step, step.Actor).Id));
        return result switch
        {
            ApproverResult.Refused { Reason: ApproverRefusal.NotFound } => true,
            _ when step.Was!.Earlier.HasFlag(Earlier.OtherDecided) => false,
            ApproverResult.Review review => review.Pairing.Status == PairingStatus.Pending && review.Pairing.ApproverId == user,
            ApproverResult.ChooseNumber choose => choose.Pairing.ApproverId == user,
            ApproverResult.Refused => true,
            _ => pairing?.ApproverId == user,
        };
    }

    /// <summary>Neither the interval that is stored, nor the one that a device is told. A longer one puts the next poll off.</summary>
    private static bool A_slow_down_never_shortens(Step step) =>
        step.Before.Pairings.All(before => step.After.ById(before.Id) is not { } after
            || after.Pacing.Interval == before.Pacing.Interval
            || (after.Pacing.Interval > before.Pacing.Interval && after.Pacing.DueAt > before.Pacing.DueAt))
        && (step.Result is not PollResult.NotPaired { Interval: { } interval } || interval >= step.Was!.Interval);

    /// <summary>What begins after an account was locked gets no access. What was approved before a sign-out has no live token after it.</summary>
    private static bool Access_ends_with_the_account(Step step) =>
        !(step.Was?.Earlier.HasFlag(Earlier.AccountEnded) is true && step.Result is PollResult.Paired or ApproverResult.Approved or AuthenticatedToken)
        && step.After.Tokens.All(token => !token.IsLive(step.Now) || !(step.After.ById(token.PairingId)?.Grant?.SignOuts < step.After.SignOutsOf(token.UserId)));

    private static Pairing PairingOf(Step step, Actor actor) => step.Checker.Replay.Initial.Pairings[actor.Pairing];

    private static bool IsReplaced(AbstractStore store, Pairing? pairing) => pairing is not null
        && store.TokenOf(pairing.Id) is { RevokedAt: not null } token && store.Tokens.Exists(other => other != token && other.DeviceId == token.DeviceId);

    private static bool HasEnded(AbstractStore store, string userId, Pairing? pairing) =>
        store.Locked.Contains(userId) || pairing?.Grant?.SignOuts < store.SignOutsOf(userId);
}

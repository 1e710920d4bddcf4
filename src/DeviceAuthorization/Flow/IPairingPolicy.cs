using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// What the host knows about its accounts. Register one with <c>services.AddScoped&lt;IPairingPolicy, …&gt;()</c>; without one,
/// every account that can sign in is active and may grant every scope. Asked at approval, at redemption, and on every call of
/// a device: answer fast.
/// </summary>
public interface IPairingPolicy
{
    /// <summary>
    /// Whether this device may ask to be paired at all, by its client, by where it is (<see cref="ReportedDevice.Address"/>), by anything that
    /// the host knows. Asked before a code is made; a device that may not hears <c>unauthorized_client</c> (RFC 6749 §5.2).
    /// </summary>
    /// <param name="request">What it asks for. Nothing of it is verified but a client's secret, where the client has one.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    /// <summary>
    /// Whether the account may sign in now: not deleted, disabled or locked. When not, it can approve nothing, its devices get no
    /// token, and their tokens are refused.
    /// </summary>
    /// <param name="userId">The user.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    /// <summary>Which of these scopes the account has now. A device never has more.</summary>
    /// <param name="userId">The user.</param>
    /// <param name="scopes">The scopes in question.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    /// <returns>A subset; what is not in <paramref name="scopes"/> is passed over.</returns>
    ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IEnumerable<string>>(scopes);

    /// <summary>
    /// How risky it would be if this approver approved this pairing now: asked when they look at it, and again when they approve. Compare
    /// where and when the device asked (<see cref="Pairing.Device"/>, <see cref="Pairing.CreatedAt"/>) with what is known of the account.
    /// </summary>
    /// <param name="pairing">The pairing, pending.</param>
    /// <param name="approver">Who is about to decide.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(ApprovalRisk.None);
}

/// <summary>The policy of a host that registered none.</summary>
internal sealed class OpenPolicy : IPairingPolicy;

internal static class PairingPolicyExtensions
{
    /// <summary>The one question behind both: what of these scopes the account has now, or null when it is not active.</summary>
    public static async ValueTask<IReadOnlyList<string>?> ScopesNowAsync(
        this IPairingPolicy policy, string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        if (!await policy.IsActiveAsync(userId, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        var has = await policy.FilterScopesAsync(userId, scopes, cancellationToken).ConfigureAwait(false);
        return ReferenceEquals(has, scopes) ? scopes : [.. scopes.Intersect(has, StringComparer.Ordinal)];
    }

    /// <summary>What this approver can grant: requested, and the account's, and the credential's; null when the account is not active.</summary>
    public static async ValueTask<IReadOnlyList<string>?> GrantableAsync(
        this IPairingPolicy policy, Pairing pairing, Approver approver, CancellationToken cancellationToken)
    {
        var scopes = await policy.ScopesNowAsync(approver.UserId, pairing.RequestedScopes, cancellationToken).ConfigureAwait(false);
        return approver.Scopes is { } held ? scopes?.Intersect(held, StringComparer.Ordinal).ToArray() : scopes;
    }

    /// <summary>The host's answer; who signed in after the device asked has stepped up, and a number that cannot be compared blocks.</summary>
    public static async ValueTask<ApprovalRisk> RiskAsync(
        this IPairingPolicy policy, Pairing pairing, Approver approver, NumberMatching matching, CancellationToken cancellationToken) =>
        await policy.AssessAsync(pairing, approver, cancellationToken).ConfigureAwait(false) switch
        {
            _ when matching == NumberMatching.Always && !pairing.CanShowNumber => ApprovalRisk.Block,
            ApprovalRisk.MatchNumber when matching == NumberMatching.Off || !pairing.CanShowNumber => ApprovalRisk.Block,
            ApprovalRisk.StepUp when approver.SignedInAt > pairing.CreatedAt => ApprovalRisk.Warn,
            var risk => risk,
        };

    /// <summary>Why this approver cannot say yes to that; null when they can.</summary>
    public static async ValueTask<DecisionResult?> RefusesAsync(
        this IPairingPolicy policy, Pairing pairing, Approver approver, Approval approval, NumberMatching matching, CancellationToken cancellationToken)
    {
        var grantable = await policy.GrantableAsync(pairing, approver, cancellationToken).ConfigureAwait(false);
        if (grantable is null)
        {
            return new DecisionResult.Forbidden();
        }

        if (approval.Scopes.Except(grantable, StringComparer.Ordinal).Any() || (approval.Scopes.Count == 0 && pairing.RequestedScopes.Count > 0))
        {
            return new DecisionResult.ScopesNotGrantable();
        }

        return await policy.RiskAsync(pairing, approver, matching, cancellationToken).ConfigureAwait(false) switch
        {
            ApprovalRisk.StepUp => new DecisionResult.StepUpRequired(),
            ApprovalRisk.Block => new DecisionResult.Blocked(),
            var risk when risk == ApprovalRisk.MatchNumber || matching == NumberMatching.Always => new DecisionResult.NumberRequired(),
            _ => null,
        };
    }
}

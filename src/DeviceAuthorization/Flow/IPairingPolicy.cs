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
    /// <summary>What the account has now of these scopes; null if the account is not active.</summary>
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
}

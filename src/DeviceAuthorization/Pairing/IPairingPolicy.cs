namespace DeviceAuthorization;

/// <summary>
/// What the host knows about its accounts. Register one with <c>services.AddScoped&lt;IPairingPolicy, …&gt;()</c>; without one,
/// every account that can sign in is active and may grant every scope. Asked at approval, at redemption, and on every call of
/// a device: answer fast.
/// </summary>
public interface IPairingPolicy
{
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
}

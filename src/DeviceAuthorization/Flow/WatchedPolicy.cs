using System.Buffers.Text;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Flow;

/// <summary>The policy of the host, as this library asks it: watched, as its stores are. The default needs no watch, and costs nothing more.</summary>
internal sealed class WatchedPolicy(IPairingPolicy inner, StoreWatch watch)
{
    private readonly bool _isDefault = inner is OpenPolicy;

    public ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) =>
        AskAsync("may_start", request, static (policy, request, token) => policy.MayStartAsync(request, token), cancellationToken);

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        AskAsync("is_active", userId, static (policy, userId, token) => policy.IsActiveAsync(userId, token), cancellationToken);

    public ValueTask<bool> AcceptsSignInAsync(ClaimsPrincipal person, CancellationToken cancellationToken) =>
        AskAsync("accepts_sign_in", person, static (policy, person, token) => policy.AcceptsSignInAsync(person, token), cancellationToken);

    public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) =>
        AskAsync("assess", (pairing, approver), static (policy, of, token) => policy.AssessAsync(of.pairing, of.approver, token), cancellationToken);

    /// <summary>
    /// 128 bits of the SHA-256 of the account's stamp, base64url; null if it has none. Never the stamp itself: Identity derives codes for a second factor from it.
    /// </summary>
    public ValueTask<string?> HashedStampAsync(string userId, CancellationToken cancellationToken) =>
        AskAsync("stamp", userId, HashedStampAsync, cancellationToken);

    /// <summary>Which of these scopes the account has now; null if the account is not active, or ended what it let in with this stamp.</summary>
    /// <param name="stamp">The stamp that the token or the grant keeps; null if there was none.</param>
    public ValueTask<IReadOnlyList<string>?> ScopesNowAsync(string userId, IReadOnlyList<string> scopes, string? stamp, CancellationToken cancellationToken) =>
        AskAsync("scopes", (userId, scopes, stamp), static async (policy, of, token) =>
        {
            if (!await policy.IsActiveAsync(of.userId, token).ConfigureAwait(false))
            {
                return null;
            }

            var has = await policy.FilterScopesAsync(of.userId, of.scopes, token).ConfigureAwait(false);
            return of.stamp is not null && await HashedStampAsync(policy, of.userId, token).ConfigureAwait(false) is { } now && now != of.stamp ? null
                : ReferenceEquals(has, of.scopes) ? of.scopes
                : [.. of.scopes.Intersect(has, StringComparer.Ordinal)];
        }, cancellationToken);

    /// <summary>Which of these scopes the account has now; null if the account is not active.</summary>
    public ValueTask<IReadOnlyList<string>?> ScopesNowAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ScopesNowAsync(userId, scopes, stamp: null, cancellationToken);

    private static async ValueTask<string?> HashedStampAsync(IPairingPolicy policy, string userId, CancellationToken cancellationToken) =>
        await policy.GetStampAsync(userId, cancellationToken).ConfigureAwait(false) is { } stamp
            ? Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(stamp)).AsSpan(0, 16))
            : null;

    private ValueTask<T> AskAsync<TState, T>(
        string question, TState state, Func<IPairingPolicy, TState, CancellationToken, ValueTask<T>> ask, CancellationToken cancellationToken) => _isDefault
        ? ask(inner, state, cancellationToken)
        : watch.CallAsync("accounts", question, (inner, state, ask), static (of, token) =>
            HostCode.RunAsync(nameof(IPairingPolicy), () => of.ask(of.inner, of.state, token)), cancellationToken);
}

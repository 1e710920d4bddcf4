using System.Security.Claims;

namespace DeviceAuthorization;

/// <summary>
/// What the host knows about its accounts. Register one with <c>services.AddScoped&lt;IPairingPolicy, …&gt;()</c>. By default every account that can
/// sign in is active and may grant every scope. Called at approval, at redemption, and on every call of a device, so it must be fast.
/// </summary>
/// <remarks>
/// What is not answered within <see cref="DeviceAuthorizationOptions.StoreTimeout"/> is an outage: the request is answered 503. The token of each method is
/// cancelled at nine tenths of that.
/// </remarks>
public interface IPairingPolicy
{
    /// <summary>
    /// Whether this device may start a pairing, judged by its client, its address (<see cref="ReportedDevice.Address"/>), or anything else that the
    /// host knows. If not, no code is created and the device gets <c>unauthorized_client</c> (RFC 6749 §5.2).
    /// </summary>
    /// <param name="request">What the device asks for. Only the secret of a client is verified, if the client has one.</param>
    ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    /// <summary>
    /// Whether the account may sign in now: it is not deleted, disabled or locked. If not, it can approve nothing, its devices get no token, and
    /// their tokens are refused.
    /// </summary>
    ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    /// <summary>Which of these scopes the account has now. A device never has more.</summary>
    /// <returns>A subset of <paramref name="scopes"/>. Any other scope in it is ignored.</returns>
    ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IEnumerable<string>>(scopes);

    /// <summary>
    /// A text that changes when everything must end that the account has let in, such as the security stamp of ASP.NET Core Identity. Each token keeps
    /// the hash of the text at its approval (<see cref="AccessToken.AccountStamp"/>). While the account has another text, the token is refused.
    /// </summary>
    /// <remarks>
    /// In a request of a person it is called after <see cref="AcceptsSignInAsync"/>. Answer both from one reading of the account in each scope, as Identity's Entity
    /// Framework stores do. Otherwise a password that changes between the two calls gives an ended sign-in a token with the new stamp.
    /// </remarks>
    /// <returns><see langword="null"/>, as by default, if the account has none: every token counts.</returns>
    ValueTask<string?> GetStampAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult<string?>(null);

    /// <summary>
    /// Whether a sign-in still counts. The host's cookies may live on for a while after a password was changed. If not, the person must sign in again
    /// before they see or do anything here.
    /// </summary>
    /// <param name="person">The person whom the host's own scheme authenticated.</param>
    ValueTask<bool> AcceptsSignInAsync(ClaimsPrincipal person, CancellationToken cancellationToken) => ValueTask.FromResult(true);

    /// <summary>
    /// How risky it is that this approver approves this pending pairing now. Called when they review it, and again when they approve it. Compare where
    /// and when the device asked (<see cref="Pairing.Device"/>, <see cref="Pairing.CreatedAt"/>) with what you know of the account. The built-in rule
    /// (<see cref="DeviceAuthorizationOptions.Security"/>) also assesses it, and the more severe counts.
    /// </summary>
    ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(ApprovalRisk.None);
}

/// <summary>The default: every account is active and has every scope.</summary>
internal sealed class OpenPolicy : IPairingPolicy;

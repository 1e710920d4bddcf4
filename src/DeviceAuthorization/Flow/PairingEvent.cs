namespace DeviceAuthorization;

/// <summary>Something that happened, for <see cref="IPairingEvents"/>. No event contains or prints a code or a token.</summary>
public abstract record PairingEvent
{
    private PairingEvent()
    {
    }

    /// <summary>A device started a pairing.</summary>
    /// <param name="Pairing">The new pairing.</param>
    public sealed record Started(Pairing Pairing) : PairingEvent;

    /// <summary>A user entered the code, which claims it: for other users the code is unknown now.</summary>
    /// <param name="Pairing">The pairing, with the user.</param>
    public sealed record Claimed(Pairing Pairing) : PairingEvent;

    /// <summary>A user entered a code that is unknown to them: mistyped, expired, decided by another user, or guessed.</summary>
    /// <param name="Approver">The user.</param>
    /// <param name="Pairing">The pairing that the code belongs to; <see langword="null"/> if there is none.</param>
    public sealed record CodeRefused(Approver Approver, Pairing? Pairing) : PairingEvent;

    /// <summary>
    /// A user entered the code of a live pairing that another user had entered before. If the two are not in front of the same device, someone is
    /// sending the code around.
    /// </summary>
    /// <param name="Approver">The second user.</param>
    /// <param name="Pairing">The pairing, with the first user.</param>
    public sealed record CodeShared(Approver Approver, Pairing Pairing) : PairingEvent;

    /// <summary>
    /// The approver approved. The device is registered after this event: <see cref="Redeemed"/> names it, by the <see cref="AccessToken.DeviceId"/> of its token.
    /// </summary>
    /// <param name="Pairing">The pairing, with the grant.</param>
    public sealed record Approved(Pairing Pairing) : PairingEvent
    {
        /// <summary>How risky it was; <see langword="null"/> if a number was compared: <see cref="NumberMatchingStarted"/> says it.</summary>
        public ApprovalRisk? Risk { get; init; }

        /// <summary>Why it was risky, the most important reason first.</summary>
        public IReadOnlyList<RiskReason> Reasons { get; init; } = [];
    }

    /// <summary>The approver approved, and must still choose the number that the device shows.</summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record NumberMatchingStarted(Pairing Pairing) : PairingEvent
    {
        /// <summary>How risky the approval is.</summary>
        public ApprovalRisk Risk { get; init; }

        /// <summary>Why it is risky, the most important reason first.</summary>
        public IReadOnlyList<RiskReason> Reasons { get; init; } = [];
    }

    /// <summary>The approver denied, or chose a wrong number.</summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Denied(Pairing Pairing) : PairingEvent;

    /// <summary>The device has its token.</summary>
    /// <param name="Pairing">The pairing.</param>
    /// <param name="Token">The record of the token.</param>
    public sealed record Redeemed(Pairing Pairing, AccessToken Token) : PairingEvent;

    /// <summary>
    /// The device fetched its token once more with the same <c>Idempotency-Key</c>, because the first answer was lost.
    /// </summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Redelivered(Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A device learned that its pairing expired before it was redeemed. Reported once for each pairing. The pairing of a device that polls no more
    /// expires without an event.
    /// </summary>
    /// <param name="Pairing">The pairing, with the status in which it expired.</param>
    public sealed record Expired(Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A used device code came back after a minute, so another party has it. Reported once for each pairing, when the token is revoked. If many such polls
    /// come at once, <see cref="Revoked"/> may be reported a moment later.
    /// </summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Replayed(Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A used device code came back within a minute, with another <c>Idempotency-Key</c> or from another network than the poll that redeemed it.
    /// Another party may have the code, and may even have been first. Reported once for each pairing, after <see cref="Revoked"/> if
    /// <see cref="DeviceAuthorizationOptions.RevokeOnSuspectedReplay"/> is on.
    /// </summary>
    /// <param name="Pairing">The pairing, with the address that redeemed it (<see cref="Pairing.RedeemedFrom"/>).</param>
    public sealed record ReplaySuspected(Pairing Pairing) : PairingEvent;

    /// <summary>The device gave up before it had its token (<see cref="DeviceFlow.WithdrawAsync"/>).</summary>
    /// <param name="Pairing">The pairing, with the user who had entered its code.</param>
    public sealed record Withdrawn(Pairing Pairing) : PairingEvent;

    /// <summary>A user made a token by hand. It is bound to no device.</summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record TokenMade(AccessToken Token) : PairingEvent;

    /// <summary>A user renewed a token: it has a new secret, and the old one is refused.</summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record TokenRenewed(AccessToken Token) : PairingEvent;

    /// <summary>A user renamed a token, removed scopes from it, or let it expire sooner.</summary>
    /// <param name="Token">The record of the token after the change.</param>
    /// <param name="Before">The record before the change.</param>
    public sealed record TokenChanged(AccessToken Token, AccessToken Before) : PairingEvent;

    /// <summary>
    /// The owner, the client, an operator or a replay revoked a token. Other ways in which a token ends have other events, such as
    /// <see cref="DeviceRemoved"/>. <see cref="TokenEnded"/> is reported for each token that ends.
    /// </summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record Revoked(AccessToken Token) : PairingEvent;

    /// <summary>
    /// A token was live and is refused from now on: it was revoked or renewed, its device was removed or paired again, or its user was signed out
    /// everywhere or removed. Reported once for each token, when the store has it. The event that says why comes first; for a device that pairs again,
    /// <see cref="Redeemed"/> comes later. A token that expires has no event, and each event is reported in one process only: a host that keeps connections
    /// open uses <see cref="DeviceAccess.ConnectAsync"/>, which knows of both.
    /// </summary>
    /// <param name="Token">The record of the token. If it was renewed, its old secret ended.</param>
    public sealed record TokenEnded(AccessToken Token) : PairingEvent;

    /// <summary>A device was removed, and all its tokens were revoked.</summary>
    /// <param name="UserId">The owner.</param>
    /// <param name="DeviceId">The device.</param>
    public sealed record DeviceRemoved(string UserId, string DeviceId) : PairingEvent
    {
        /// <summary>The name of the device; <see langword="null"/> if it had none.</summary>
        public string? DeviceName { get; init; }
    }

    /// <summary>
    /// Every token of a user was revoked: by the user, or by the host (<see cref="DeviceAccess.SignOutEverywhereAsync"/>). Removed devices have no events
    /// of their own.
    /// </summary>
    /// <param name="UserId">The user.</param>
    /// <param name="Lost">What the user lost.</param>
    public sealed record SignedOutEverywhere(string UserId, SignOutResult Lost) : PairingEvent;

    /// <summary>
    /// The host deleted an account (<see cref="DeviceAccess.RemoveUserAsync"/>): its devices are removed, and its tokens are revoked. The devices have no
    /// events of their own.
    /// </summary>
    /// <param name="UserId">The user.</param>
    /// <param name="Lost">What the user lost.</param>
    public sealed record UserRemoved(string UserId, SignOutResult Lost) : PairingEvent;

    /// <summary>A limit of <see cref="DeviceRateLimits"/> refused a request. Reported once in ten minutes for each limit and key.</summary>
    /// <param name="Limit">
    /// <c>start</c>, <c>code</c>, <c>codes-in-all</c>, <c>device-code</c>, <c>poll</c>, <c>secret</c> or <c>revoke</c>.
    /// </param>
    /// <param name="Key">
    /// Who was refused. For <c>code</c>: the user, who is over the limit or whose address is. For <c>codes-in-all</c>: <c>all</c>. Otherwise a network,
    /// with IPv6 a /48.
    /// </param>
    public sealed record LimitReached(string Limit, string Key) : PairingEvent
    {
        /// <summary>Never the key: it may be a person's address.</summary>
        public override string ToString() => $"LimitReached {{ Limit = {Limit} }}";
    }

    /// <summary>
    /// Within an hour one network started more pairings whose codes were entered from elsewhere than
    /// <see cref="DeviceAuthorizationOptions.CampaignThreshold"/> allows, as a phishing kit does. Reported once an hour for each network.
    /// </summary>
    /// <param name="Network">The network of the devices: an IPv4 address, or the hexadecimal digits of an IPv6 /48.</param>
    /// <param name="Pairing">The first pairing over the threshold.</param>
    public sealed record CampaignSuspected(string Network, Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A pairing was voided (<see cref="DeviceAuthorizationOptions.VoidSuspectedPairings"/>): several users entered its code, or it seems to be part of
    /// a campaign. The device gets <c>access_denied</c>.
    /// </summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Voided(Pairing Pairing) : PairingEvent;
}

using DeviceAuthorization.Limits;

namespace DeviceAuthorization;

/// <summary>Something that happened, for <see cref="IPairingEvents"/>. None of it holds or prints a code or a token.</summary>
public abstract record PairingEvent
{
    private PairingEvent()
    {
    }

    /// <summary>A device asked to be paired.</summary>
    /// <param name="Pairing">Its pairing.</param>
    public sealed record Started(Pairing Pairing) : PairingEvent;

    /// <summary>Somebody entered the code: for everybody else it is unknown now.</summary>
    /// <param name="Pairing">The pairing, with who it was.</param>
    public sealed record Claimed(Pairing Pairing) : PairingEvent;

    /// <summary>Somebody entered a code, and was told that it is not known: mistyped, expired, decided by another user, or guessed.</summary>
    /// <param name="Approver">Who.</param>
    /// <param name="Pairing">What the code belongs to; <see langword="null"/> when it belongs to nothing.</param>
    public sealed record CodeRefused(Approver Approver, Pairing? Pairing) : PairingEvent;

    /// <summary>
    /// Somebody entered the code of a live pairing that another user had entered before. Where the two do not sit before the same device, they
    /// have the code from somebody who sends it around.
    /// </summary>
    /// <param name="Approver">Who.</param>
    /// <param name="Pairing">The pairing, with who was before them.</param>
    public sealed record CodeShared(Approver Approver, Pairing Pairing) : PairingEvent;

    /// <summary>The approver said yes.</summary>
    /// <param name="Pairing">The pairing, with what was granted.</param>
    public sealed record Approved(Pairing Pairing) : PairingEvent;

    /// <summary>The approver said yes, and has to choose the number that the device shows before it counts.</summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record NumberAsked(Pairing Pairing) : PairingEvent;

    /// <summary>The approver said no, or chose a wrong number.</summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Denied(Pairing Pairing) : PairingEvent;

    /// <summary>The device has its token.</summary>
    /// <param name="Pairing">The pairing.</param>
    /// <param name="Token">The record of the token.</param>
    public sealed record Redeemed(Pairing Pairing, IssuedToken Token) : PairingEvent;

    /// <summary>A device code that was used came back after a minute: somebody else has it. Told once for each pairing, after <see cref="Revoked"/> where its token was still alive.</summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Replayed(Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A device code that was used came back within a minute, with another <c>Idempotency-Key</c> or from another network than the poll that
    /// redeemed it: somebody else may have it, and may even have been first. Raised once for each pairing, after <see cref="Revoked"/> where
    /// <see cref="DeviceAuthorizationOptions.RevokeOnSuspectedReplay"/> is on.
    /// </summary>
    /// <param name="Pairing">The pairing, with the address that redeemed it (<see cref="Pairing.RedeemedFrom"/>).</param>
    public sealed record ReplaySuspected(Pairing Pairing) : PairingEvent;

    /// <summary>A user made a token by hand: it is bound to no device.</summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record TokenMade(IssuedToken Token) : PairingEvent;

    /// <summary>A user gave a token a new secret: the old one is refused from now on.</summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record TokenRenewed(IssuedToken Token) : PairingEvent;

    /// <summary>A user renamed a token, took scopes from it, or let it end sooner.</summary>
    /// <param name="Token">The record of the token, as it is now.</param>
    /// <param name="Before">The same before.</param>
    public sealed record TokenChanged(IssuedToken Token, IssuedToken Before) : PairingEvent;

    /// <summary>
    /// A token is refused from now on: its owner, its client or a replay revoked it. The tokens that a device leaves behind when it is removed
    /// or paired anew are not named one by one: see <see cref="DeviceRemoved"/> and <see cref="Redeemed"/>; nor is a secret that its owner
    /// renewed: see <see cref="TokenRenewed"/>.
    /// </summary>
    /// <param name="Token">The record of the token.</param>
    public sealed record Revoked(IssuedToken Token) : PairingEvent;

    /// <summary>A device was removed, and each of its tokens revoked.</summary>
    /// <param name="UserId">The owner.</param>
    /// <param name="DeviceId">The device.</param>
    public sealed record DeviceRemoved(string UserId, string DeviceId) : PairingEvent;

    /// <summary>A limit of <see cref="DeviceRateLimits"/> refused somebody; told once in ten minutes for each limit and whom it held back.</summary>
    /// <param name="Limit">
    /// <c>start</c>, <c>code</c>, <c>codes-in-all</c>, <c>device-code</c>, <c>poll</c>, <c>secret</c> or <c>revoke</c>.
    /// </param>
    /// <param name="Key">Whom it held back: for <c>code</c> a user, who or whose address is over it; else a network, with IPv6 a /48; <c>all</c> for all.</param>
    public sealed record LimitReached(string Limit, string Key) : PairingEvent
    {
        /// <summary>The limit, and not whom it held back: that may be a person's address.</summary>
        public override string ToString() => $"LimitReached {{ Limit = {Limit} }}";
    }

    /// <summary>
    /// One network starts pairings whose codes are entered from elsewhere, more of them in an hour than
    /// <see cref="DeviceAuthorizationOptions.CampaignThreshold"/>: the look of a phishing kit. Once for each network in an hour.
    /// </summary>
    /// <param name="Network">The network that the devices ask from: an IPv4 address, or the hexadecimal digits of an IPv6 /48.</param>
    /// <param name="Pairing">The pairing that was one too many.</param>
    public sealed record CampaignSuspected(string Network, Pairing Pairing) : PairingEvent;

    /// <summary>
    /// A pairing was taken out of the flow, for <see cref="DeviceAuthorizationOptions.VoidSuspectedPairings"/>: several users entered its
    /// code, or it is part of what looks like a campaign. Its device hears <c>access_denied</c>.
    /// </summary>
    /// <param name="Pairing">The pairing.</param>
    public sealed record Voided(Pairing Pairing) : PairingEvent;
}

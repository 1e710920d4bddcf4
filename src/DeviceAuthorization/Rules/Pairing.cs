using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// One run of the flow, from start to token, denial or expiry, and its rules. A value: each rule takes the time and returns the next value.
/// Nothing here reads a clock, a store or a log. Stores keep it; <see cref="DeviceFlow"/> and <see cref="ApproverFlow"/> move it on.
/// </summary>
/// <remarks>
/// <code>
/// Pending ──approve──▶ Approved ──redeem──▶ Redeemed
///    │ └───approve──▶ Matching ─the number─▶ Approved
///    └─────deny──────▶ Denied ◀─another─┘  (expired: past ExpiresAt, and not Redeemed)
/// Any of them that is not final ──withdraw──▶ Withdrawn
/// </code>
/// </remarks>
public sealed record Pairing
{
    /// <summary>How long a user who entered the code holds it. Then another user may enter it.</summary>
    public static readonly TimeSpan ClaimLifetime = TimeSpan.FromMinutes(2);

    /// <summary>The least time that the device has to fetch its token after the approval.</summary>
    public static readonly TimeSpan LeastRedeemTime = TimeSpan.FromSeconds(30);

    /// <summary>How long a device that sent an <c>Idempotency-Key</c> can fetch a lost answer again.</summary>
    public static readonly TimeSpan RedeliveryWindow = TimeSpan.FromSeconds(60);

    /// <summary>How long stores keep a pairing past <see cref="ExpiresAt"/>, to distinguish "expired" and "used" from "unknown".</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    /// <summary>Identifies the pairing in logs and events. Not a secret.</summary>
    public required Guid Id { get; init; }

    /// <summary>SHA-256 of the device code, lower-case hex.</summary>
    public required string DeviceCodeHash { get; init; }

    /// <summary>
    /// The hash of the normalised user code, lower-case hex: SHA-256, or HMAC-SHA-256 under a key of <see cref="DeviceAuthorizationOptions.UserCodeKeys"/>.
    /// </summary>
    public required string UserCodeHash { get; init; }

    /// <summary>The client that asked, by the id that it sent (RFC 6749 §2.2).</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether polls must name <see cref="ClientId"/>. RFC 8628 clients must; RomM's clients never do.</summary>
    public required bool RequiresClientId { get; init; }

    /// <summary>The requested scopes, sorted, without repeats.</summary>
    public required IReadOnlyList<string> RequestedScopes { get; init; }

    /// <summary>What the device says about itself.</summary>
    public required ReportedDevice Device { get; init; }

    /// <summary>Whether the device can show a number for number matching.</summary>
    public bool CanShowNumber { get; init; }

    /// <summary>When the pairing started.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The span of the start, as a W3C <c>traceparent</c> of 55 characters, so that the traces of the later steps link to it; <see langword="null"/> if no
    /// trace recorded it. Never changes.
    /// </summary>
    public string? TraceParent { get; init; }

    /// <summary>From this moment on the pairing can be neither decided nor redeemed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How fast the device may poll.</summary>
    public required Pacing Pacing { get; init; }

    /// <summary>Where the pairing stands.</summary>
    public PairingStatus Status { get; init; }

    /// <summary>The user who entered the code and may decide, or has decided; <see langword="null"/> if there is none.</summary>
    public string? ApproverId { get; init; }

    /// <summary>While pending: how long <see cref="ApproverId"/> holds the code.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>
    /// Whether the code looked like phishing when a user entered or approved it: another user had entered it before, or its network seems to run a
    /// campaign (<see cref="RiskReason.Suspected"/>). Once set it stays, so that a second try is judged like the first.
    /// </summary>
    /// <value><see langword="false"/> by default.</value>
    public bool IsSuspected { get; init; }

    /// <summary>What was granted; <see langword="null"/> unless the status is matching, approved or redeemed.</summary>
    public PairingGrant? Grant { get; init; }

    /// <summary>The name that the approver chose, or else the one that the device reports.</summary>
    internal string DeviceName => Grant?.DeviceName ?? Device.Name;

    /// <summary>While matching: the two-digit number that the device shows.</summary>
    public int? MatchNumber { get; init; }

    /// <summary>When the device fetched its token.</summary>
    public DateTimeOffset? RedeemedAt { get; init; }

    /// <summary>SHA-256 of the <c>Idempotency-Key</c> of the poll that redeemed; <see langword="null"/> if it sent none.</summary>
    public string? IdempotencyKeyHash { get; init; }

    /// <summary>The network address of the poll that redeemed, as the host's server saw it; <see langword="null"/> if unknown.</summary>
    public string? RedeemedFrom { get; init; }

    /// <summary>The store raises this with every replacement, and compares it before the next (compare-and-swap).</summary>
    public long Version { get; init; }

    /// <summary>
    /// Whether a request with this client id may act on the pairing. A request without one may unless <see cref="RequiresClientId"/> is set.
    /// </summary>
    public bool BelongsTo(string? clientId) => MayAct(clientId, ClientId, RequiresClientId);

    internal static bool MayAct(string? clientId, string owner, bool requiresClientId) =>
        clientId is null ? !requiresClientId : string.Equals(clientId, owner, StringComparison.Ordinal);

    /// <summary>A device starts a pairing.</summary>
    /// <param name="scopes">The requested scopes, or the host's default if it requested none.</param>
    internal static Pairing Start(
        PairingRequest request, IEnumerable<string> scopes, string deviceCodeHash, string userCodeHash, TimeSpan lifetime, TimeSpan interval, DateTimeOffset now) => new()
        {
            Id = Guid.NewGuid(),
            DeviceCodeHash = deviceCodeHash,
            UserCodeHash = userCodeHash,
            ClientId = request.ClientId,
            RequiresClientId = request.RequiresClientId,
            RequestedScopes = [.. scopes.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)],
            Device = request.Device,
            CanShowNumber = request.CanShowNumber,
            CreatedAt = now,
            ExpiresAt = now + lifetime,
            Pacing = Pacing.Start(interval, now),
        };

    /// <summary>What a user may do with this pairing now.</summary>
    internal Standing StandingOf(string userId, DateTimeOffset now) => this switch
    {
        { Status: PairingStatus.Pending or PairingStatus.Matching } when now >= ExpiresAt => Standing.Over,
        { Status: PairingStatus.Pending } => now < ClaimedUntil && !IsClaimedBy(userId) ? Standing.HeldByOther : Standing.MayDecide,
        { Status: PairingStatus.Matching } => IsClaimedBy(userId) ? Standing.MustChooseNumber : Standing.HeldByOther,
        _ => IsClaimedBy(userId) ? Standing.HasDecided : Standing.Over,
    };

    /// <summary>Why this user may not decide now; null if they may.</summary>
    internal DecisionError? Refuses(string userId, DateTimeOffset now) => StandingOf(userId, now) switch
    {
        Standing.MayDecide => null,
        Standing.HasDecided or Standing.MustChooseNumber => DecisionError.AlreadyDecided,
        _ => DecisionError.NotFound,
    };

    /// <summary>A user entered the code. Others can no longer find it. A claim with more than half of its time left stays unchanged.</summary>
    internal (DecisionError? Error, Pairing Next) Claim(string userId, DateTimeOffset now) => Refuses(userId, now) switch
    {
        { } error => (error, this),
        null when IsClaimedBy(userId) && ClaimedUntil - now > ClaimLifetime / 2 => (null, this),
        null => (null, this with { ApproverId = userId, ClaimedUntil = now + ClaimLifetime }),
    };

    /// <summary>The user approves. With a <paramref name="number"/>, the approval counts once they choose that number.</summary>
    internal (DecisionError? Error, Pairing Next) Approve(string userId, PairingGrant grant, DateTimeOffset now, int? number = null) =>
        Refuses(userId, now) is { } error ? (error, this) : (null, number is null
            ? Approved(userId, grant, now)
            : Decided(PairingStatus.Matching, userId) with { Grant = grant, MatchNumber = number });

    /// <summary>The user chooses a number. There is one try: a wrong number denies.</summary>
    internal (DecisionError? Error, Pairing Next) Match(string userId, int number, DateTimeOffset now) => this switch
    {
        _ when StandingOf(userId, now) != Standing.MustChooseNumber => (Refuses(userId, now) ?? DecisionError.NotFound, this),
        _ when number == MatchNumber => (null, Approved(userId, Grant!, now)),
        _ => (null, Decided(PairingStatus.Denied, userId)),
    };

    /// <summary>The user denies the request, even at the number prompt.</summary>
    internal (DecisionError? Error, Pairing Next) Deny(string userId, DateTimeOffset now) =>
        StandingOf(userId, now) != Standing.MustChooseNumber && Refuses(userId, now) is { } error ? (error, this) : (null, Decided(PairingStatus.Denied, userId));

    /// <summary>Voids an open pairing: the device gets <c>access_denied</c>, and nobody can find the code.</summary>
    internal Pairing Voided(DateTimeOffset now) => IsOpen(now) ? Decided(PairingStatus.Denied, null) : this;

    /// <summary>The device gives up. The approver who entered the code stays recorded, and sees that the device gave up.</summary>
    /// <returns>Null if there is nothing to give up: it is denied, withdrawn, redeemed or expired.</returns>
    internal Pairing? Withdraw(DateTimeOffset now) =>
        Status is PairingStatus.Pending or PairingStatus.Matching or PairingStatus.Approved && now < ExpiresAt ? Decided(PairingStatus.Withdrawn, ApproverId) : null;

    /// <summary>The user leaves it undecided. Another account of theirs can then enter the code at once.</summary>
    internal Pairing Released(string userId) =>
        Status == PairingStatus.Pending && IsClaimedBy(userId) ? this with { ApproverId = null, ClaimedUntil = null } : this;

    /// <summary>Whether the pairing can still be decided.</summary>
    internal bool IsOpen(DateTimeOffset now) => Status is PairingStatus.Pending or PairingStatus.Matching && now < ExpiresAt;

    /// <summary>Records the registered device of an approved pairing. Any other pairing stays unchanged.</summary>
    internal Pairing Registered(Device device) =>
        Status == PairingStatus.Approved ? this with { Grant = Grant! with { DeviceId = device.Id, DeviceName = device.Name } } : this;

    /// <summary>
    /// The device asks for its token (RFC 8628 §3.4). The client is compared before anything is revealed. Only a pending pairing answers
    /// <c>slow_down</c>.
    /// </summary>
    internal (PollOutcome Outcome, Pairing Next) Poll(string? clientId, string? idempotencyKeyHash, DateTimeOffset now, string? address = null) => this switch
    {
        _ when !BelongsTo(clientId) => (PollOutcome.Refused, this),
        { Status: PairingStatus.Redeemed } => (IsRedelivery(idempotencyKeyHash, now) ? PollOutcome.Redeliver : PollOutcome.Used, this),
        _ when now >= ExpiresAt => (PollOutcome.Expired, this),
        { Status: PairingStatus.Denied } => (PollOutcome.Denied, this),
        { Status: PairingStatus.Withdrawn } => (PollOutcome.Withdrawn, this),
        { Status: PairingStatus.Approved } => (PollOutcome.Redeem, this with
        {
            Status = PairingStatus.Redeemed,
            RedeemedAt = now,
            IdempotencyKeyHash = idempotencyKeyHash,
            RedeemedFrom = address,
        }),
        { Status: PairingStatus.Matching } => (PollOutcome.ShowNumber, this),
        { Status: not PairingStatus.Pending } => (PollOutcome.Refused, this), // a newer version wrote a status that we do not know
        _ when Pacing.IsTooEarly(now) => (PollOutcome.SlowDown, this with { Pacing = Pacing.SlowedDown() }),
        _ => (PollOutcome.Pending, this with { Pacing = Pacing.Accepted(now) }),
    };

    /// <summary>
    /// Whether a refused poll of the right client replays a used device code (RFC 6749 §10.5). The parallel and repeated polls that real
    /// devices send around their success are no replay.
    /// </summary>
    internal bool IsReplayed(string? clientId, DateTimeOffset now) =>
        Status == PairingStatus.Redeemed && BelongsTo(clientId) && now >= RedeemedAt + RedeliveryWindow;

    /// <summary>
    /// Whether a refused poll of the right client, before <see cref="IsReplayed"/>, suggests a second holder of the device code. Either its
    /// <c>Idempotency-Key</c> differs from that of the poll that redeemed (one may have none), or both have none and the networks differ.
    /// </summary>
    internal bool IsReplaySuspected(string? clientId, string? idempotencyKeyHash, string? address, DateTimeOffset now) =>
        Status == PairingStatus.Redeemed && BelongsTo(clientId) && now < RedeemedAt + RedeliveryWindow
        && (!string.Equals(idempotencyKeyHash, IdempotencyKeyHash, StringComparison.Ordinal)
            || (idempotencyKeyHash is null && Network.Compare(address, RedeemedFrom) == NetworkComparison.Other));

    /// <summary>Shows neither hashes nor the salt.</summary>
    public override string ToString() => $"Pairing {{ Id = {Id}, Status = {Status}, Version = {Version} }}";

    private Pairing Approved(string userId, PairingGrant grant, DateTimeOffset now) => Decided(PairingStatus.Approved, userId) with
    {
        Grant = grant,
        ExpiresAt = ExpiresAt > now + LeastRedeemTime ? ExpiresAt : now + LeastRedeemTime,
    };

    private Pairing Decided(PairingStatus status, string? userId) =>
        this with { Status = status, ApproverId = userId, ClaimedUntil = null, Grant = null, MatchNumber = null };

    internal bool IsClaimedBy(string userId) => string.Equals(userId, ApproverId, StringComparison.Ordinal);

    private bool IsRedelivery(string? idempotencyKeyHash, DateTimeOffset now) =>
        idempotencyKeyHash is not null
        && string.Equals(idempotencyKeyHash, IdempotencyKeyHash, StringComparison.Ordinal)
        && now < RedeemedAt + RedeliveryWindow;
}

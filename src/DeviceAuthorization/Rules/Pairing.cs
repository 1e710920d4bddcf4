using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>
/// One run of the flow, from start to token, denial or expiry, and the rules of it. A value: every rule takes the time and
/// gives the next value, nothing here reads a clock, a store or a log. Stores keep it, <see cref="DeviceFlow"/> and <see cref="ApproverFlow"/> move it.
/// </summary>
/// <remarks>
/// <code>
/// Pending ──approve──▶ Approved ──redeem──▶ Redeemed
///    │ └───approve──▶ Matching ─the number─▶ Approved
///    └─────deny──────▶ Denied ◀─another─┘  (expired: past ExpiresAt, and not Redeemed)
/// </code>
/// </remarks>
public sealed record Pairing
{
    /// <summary>Who enters a user code holds it this long; then another user may try.</summary>
    public static readonly TimeSpan ClaimLifetime = TimeSpan.FromMinutes(2);

    /// <summary>However late the approval, the device has at least this long to fetch its token.</summary>
    public static readonly TimeSpan LeastRedeemTime = TimeSpan.FromSeconds(30);

    /// <summary>How long a lost answer can be fetched again by a device that sent an <c>Idempotency-Key</c>.</summary>
    public static readonly TimeSpan RedeliveryWindow = TimeSpan.FromSeconds(60);

    /// <summary>How long stores keep a pairing past <see cref="ExpiresAt"/>, to tell "expired" and "used" from "unknown".</summary>
    public static readonly TimeSpan Retention = TimeSpan.FromMinutes(10);

    /// <summary>Names the pairing in logs and events. No secret.</summary>
    public required Guid Id { get; init; }

    /// <summary>SHA-256 of the device code, lower-case hex.</summary>
    public required string DeviceCodeHash { get; init; }

    /// <summary>Of the normalised user code, lower-case hex: SHA-256, or HMAC-SHA-256 under a key of the host (<see cref="DeviceAuthorizationOptions.UserCodeKeys"/>).</summary>
    public required string UserCodeHash { get; init; }

    /// <summary>The client that asked (RFC 6749 §2.2), as it calls itself.</summary>
    public required string ClientId { get; init; }

    /// <summary>
    /// Whether polls must name <see cref="ClientId"/>. RomM's clients never do; RFC 8628 clients always do, and theirs must.
    /// </summary>
    public required bool RequiresClientId { get; init; }

    /// <summary>The scopes asked for, sorted, without repeats.</summary>
    public required IReadOnlyList<string> RequestedScopes { get; init; }

    /// <summary>What the device says of itself.</summary>
    public required ReportedDevice Device { get; init; }

    /// <summary>Whether the device can show a number.</summary>
    public bool CanShowNumber { get; init; }

    /// <summary>When the device asked.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From this moment on nothing can be decided or redeemed.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>How fast the device may poll.</summary>
    public required Pacing Pacing { get; init; }

    /// <summary>Where the pairing stands.</summary>
    public PairingStatus Status { get; init; }

    /// <summary>The user who entered the code, and, once decided, decided; <see langword="null"/> while nobody has.</summary>
    public string? ApproverId { get; init; }

    /// <summary>While pending: until when <see cref="ApproverId"/> holds the code.</summary>
    public DateTimeOffset? ClaimedUntil { get; init; }

    /// <summary>What was granted; not <see langword="null"/> exactly when matching, approved or redeemed.</summary>
    public PairingGrant? Grant { get; init; }

    /// <summary>While matching: the number that the device shows, of two digits.</summary>
    public int? MatchNumber { get; init; }

    /// <summary>When the device fetched its token.</summary>
    public DateTimeOffset? RedeemedAt { get; init; }

    /// <summary>SHA-256 of the <c>Idempotency-Key</c> of the poll that redeemed, if it sent one.</summary>
    public string? IdempotencyKeyHash { get; init; }

    /// <summary>
    /// The network address that the poll which redeemed came from, as the host's server saw it; <see langword="null"/> when it is not known.
    /// </summary>
    public string? RedeemedFrom { get; init; }

    /// <summary>Raised by the store with every replacement; the compare of its compare-and-swap.</summary>
    public long Version { get; init; }

    /// <summary>Whether a request that names <paramref name="clientId"/>, or none, speaks for the client that asked.</summary>
    public bool BelongsTo(string? clientId) =>
        clientId is null ? !RequiresClientId : string.Equals(clientId, ClientId, StringComparison.Ordinal);

    /// <summary>A device asks to be paired.</summary>
    /// <param name="request">What it asks for.</param>
    /// <param name="scopes">The scopes it asks for, or those of the host if it named none.</param>
    /// <param name="deviceCodeHash">The hash of the new device code.</param>
    /// <param name="userCodeHash">The hash of the new user code.</param>
    /// <param name="lifetime">How long the pairing may stay unanswered.</param>
    /// <param name="interval">The advertised polling interval.</param>
    /// <param name="now">The current time.</param>
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

    /// <summary>How a user stands to this pairing.</summary>
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

    /// <summary>A user entered the code: for others it is as unknown from now on. A claim that is still fresh stays as it is.</summary>
    internal (DecisionError? Error, Pairing Next) Claim(string userId, DateTimeOffset now) => Refuses(userId, now) switch
    {
        { } error => (error, this),
        null when IsClaimedBy(userId) && ClaimedUntil - now > ClaimLifetime / 2 => (null, this),
        null => (null, this with { ApproverId = userId, ClaimedUntil = now + ClaimLifetime }),
    };

    /// <summary>The user says yes; with a <paramref name="number"/>, that counts once they have chosen it.</summary>
    internal (DecisionError? Error, Pairing Next) Approve(string userId, PairingGrant grant, DateTimeOffset now, int? number = null) =>
        Refuses(userId, now) is { } error ? (error, this) : (null, number is null
            ? Approved(userId, grant, now)
            : Decided(PairingStatus.Matching, userId) with { Grant = grant, MatchNumber = number });

    /// <summary>The user says which number the device shows. There is one try: another number denies.</summary>
    internal (DecisionError? Error, Pairing Next) Match(string userId, int number, DateTimeOffset now) => this switch
    {
        _ when StandingOf(userId, now) != Standing.MustChooseNumber => (Refuses(userId, now) ?? DecisionError.NotFound, this),
        _ when number == MatchNumber => (null, Approved(userId, Grant!, now)),
        _ => (null, Decided(PairingStatus.Denied, userId)),
    };

    /// <summary>The user denies the request, even at the number prompt.</summary>
    internal (DecisionError? Error, Pairing Next) Deny(string userId, DateTimeOffset now) =>
        StandingOf(userId, now) != Standing.MustChooseNumber && Refuses(userId, now) is { } error ? (error, this) : (null, Decided(PairingStatus.Denied, userId));

    /// <summary>Takes it out of the flow while nobody has decided: its device hears that it was denied, and its code is unknown to everybody.</summary>
    internal Pairing Voided(DateTimeOffset now) => IsOpen(now) ? Decided(PairingStatus.Denied, null) : this;

    /// <summary>The user leaves it, undecided: another account of theirs may enter the code at once.</summary>
    internal Pairing Released(string userId) =>
        Status == PairingStatus.Pending && IsClaimedBy(userId) ? this with { ApproverId = null, ClaimedUntil = null } : this;

    /// <summary>Whether there is still something to decide.</summary>
    internal bool IsOpen(DateTimeOffset now) => Status is PairingStatus.Pending or PairingStatus.Matching && now < ExpiresAt;

    /// <summary>The approved device is in the registry. Any other status has nothing to register, and stays as it is.</summary>
    internal Pairing Registered(Device device) =>
        Status == PairingStatus.Approved ? this with { Grant = Grant! with { DeviceId = device.Id, DeviceName = device.Name } } : this;

    /// <summary>
    /// The device asks for its token (RFC 8628 §3.4). The client is compared before anything is revealed, and only a pending pairing is ever
    /// told to slow down.
    /// </summary>
    internal (PollOutcome Outcome, Pairing Next) Poll(string? clientId, string? idempotencyKeyHash, DateTimeOffset now, string? address = null) => this switch
    {
        _ when !BelongsTo(clientId) => (PollOutcome.Unknown, this),
        { Status: PairingStatus.Redeemed } => (IsRedelivery(idempotencyKeyHash, now) ? PollOutcome.Redeliver : PollOutcome.Used, this),
        _ when now >= ExpiresAt => (PollOutcome.Expired, this),
        { Status: PairingStatus.Denied } => (PollOutcome.Denied, this),
        { Status: PairingStatus.Approved } => (PollOutcome.Redeem, this with
        {
            Status = PairingStatus.Redeemed,
            RedeemedAt = now,
            IdempotencyKeyHash = idempotencyKeyHash,
            RedeemedFrom = address,
        }),
        { Status: PairingStatus.Matching } => (PollOutcome.ShowNumber, this),
        { Status: not PairingStatus.Pending } => (PollOutcome.Unknown, this), // what a newer version wrote is never approved
        _ when Pacing.IsTooEarly(now) => (PollOutcome.SlowDown, this with { Pacing = Pacing.SlowedDown() }),
        _ => (PollOutcome.Pending, this with { Pacing = Pacing.Accepted(now) }),
    };

    /// <summary>
    /// Whether a refused poll of the right client is a replay of a used device code (RFC 6749 §10.5), and not one of the
    /// parallel or repeated polls that real devices send around their success.
    /// </summary>
    internal bool IsReplayed(string? clientId, DateTimeOffset now) =>
        Status == PairingStatus.Redeemed && BelongsTo(clientId) && now >= RedeemedAt + RedeliveryWindow;

    /// <summary>
    /// Whether a refused poll of the right client, before <see cref="IsReplayed"/>, looks like a second holder of the device code: it has another
    /// <c>Idempotency-Key</c> than the poll that redeemed (one of the two has none, included), or both have none and it comes from another network.
    /// </summary>
    internal bool IsReplaySuspected(string? clientId, string? idempotencyKeyHash, string? address, DateTimeOffset now) =>
        Status == PairingStatus.Redeemed && BelongsTo(clientId) && now < RedeemedAt + RedeliveryWindow
        && (!string.Equals(idempotencyKeyHash, IdempotencyKeyHash, StringComparison.Ordinal)
            || (idempotencyKeyHash is null && Network.Compare(address, RedeemedFrom) == NetworkComparison.Other));

    /// <summary>Names the pairing, and shows neither hashes nor the salt.</summary>
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

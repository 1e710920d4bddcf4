namespace DeviceAuthorization.Storage;

/// <summary>
/// A pairing as it lies in memory: smaller than a <see cref="Pairing"/>, and changed in place. Each method is one atomic step. Its lock is the object
/// itself, because a <see cref="Lock"/> for each would be a tenth more memory.
/// </summary>
internal sealed class StoredPairing
{
    // What the device asked for, which never changes.
    private readonly Guid _id;
    private readonly string _clientId;
    private readonly bool _requiresClientId;
    private readonly IReadOnlyList<string> _requestedScopes;
    private readonly ReportedDevice _device;
    private readonly bool _canShowNumber;
    private readonly DateTimeOffset _createdAt;
    private readonly string? _traceParent;

    // How it stands.
    private DateTimeOffset _expiresAt;
    private Pacing _pacing;
    private PairingStatus _status;
    private Entered? _entered;
    private long _version;

    public StoredPairing(Pairing added, SharedTexts texts)
    {
        (DeviceCode, UserCode) = (CodeHash.Parse(added.DeviceCodeHash), CodeHash.Parse(added.UserCodeHash));
        (_id, _requiresClientId, _canShowNumber, _createdAt, _traceParent) = (added.Id, added.RequiresClientId, added.CanShowNumber, added.CreatedAt, added.TraceParent);
        (_clientId, _requestedScopes) = (texts.Share(added.ClientId), texts.Share(added.RequestedScopes));
        _device = added.Device with
        {
            Name = texts.Share(added.Device.Name),
            Platform = texts.Share(added.Device.Platform),
            ClientVersion = texts.Share(added.Device.ClientVersion),
        };
        _pacing = added.Pacing;
        Stand(added, added.Version);
    }

    /// <summary>What a pairing has once a user entered its code.</summary>
    private sealed class Entered
    {
        public required string? ApproverId { get; init; }

        public required DateTimeOffset? ClaimedUntil { get; init; }

        public required bool IsSuspected { get; init; }

        public required PairingGrant? Grant { get; init; }

        public required int? MatchNumber { get; init; }

        public required DateTimeOffset? RedeemedAt { get; init; }

        public required string? IdempotencyKeyHash { get; init; }

        public required string? RedeemedFrom { get; init; }
    }

    public CodeHash DeviceCode { get; }

    public CodeHash UserCode { get; }

    /// <summary>The network whose share it counts towards; null if none. Set before others see the pairing.</summary>
    public string? Site { get; init; }

    // Its place in an ExpiryOrder, which the lock of the store guards.
    public ExpiryOrder.Second? Second { get; set; }

    public StoredPairing? Previous { get; set; }

    public StoredPairing? Next { get; set; }

    public (bool IsLive, DateTimeOffset ExpiresAt) Read(DateTimeOffset now)
    {
        lock (this)
        {
            return (_status is PairingStatus.Pending or PairingStatus.Matching or PairingStatus.Approved && now < _expiresAt, _expiresAt);
        }
    }

    public bool IsPending
    {
        get
        {
            lock (this)
            {
                return _status == PairingStatus.Pending;
            }
        }
    }

    public Pairing ToPairing()
    {
        lock (this)
        {
            return new Pairing
            {
                Id = _id,
                DeviceCodeHash = DeviceCode.ToHex(),
                UserCodeHash = UserCode.ToHex(),
                ClientId = _clientId,
                RequiresClientId = _requiresClientId,
                RequestedScopes = _requestedScopes,
                Device = _device,
                CanShowNumber = _canShowNumber,
                CreatedAt = _createdAt,
                TraceParent = _traceParent,
                ExpiresAt = _expiresAt,
                Pacing = _pacing,
                Status = _status,
                ApproverId = _entered?.ApproverId,
                ClaimedUntil = _entered?.ClaimedUntil,
                IsSuspected = _entered?.IsSuspected ?? false,
                Grant = _entered?.Grant,
                MatchNumber = _entered?.MatchNumber,
                RedeemedAt = _entered?.RedeemedAt,
                IdempotencyKeyHash = _entered?.IdempotencyKeyHash,
                RedeemedFrom = _entered?.RedeemedFrom,
                Version = _version,
            };
        }
    }

    public PollAttempt TryAcceptPoll(string? clientId, DateTimeOffset now)
    {
        lock (this)
        {
            if (_status != PairingStatus.Pending || !Pairing.MayAct(clientId, _clientId, _requiresClientId) || now >= _expiresAt || _pacing.IsTooEarly(now))
            {
                return PollAttempt.NotAccepted(ToPairing());
            }

            _pacing = _pacing.Accepted(now);
            return PollAttempt.Accepted;
        }
    }

    public bool TrySlowDown(Pacing read, Pacing slower)
    {
        lock (this)
        {
            if (_status != PairingStatus.Pending || _pacing != read)
            {
                return false;
            }

            _pacing = slower;
            return true;
        }
    }

    /// <param name="isMoved">Whether the pairing began or ceased to be live, or expires at another time.</param>
    public bool TryReplace(Pairing next, DateTimeOffset now, out bool isMoved)
    {
        lock (this)
        {
            isMoved = false;
            if (_version != next.Version || now >= _expiresAt)
            {
                return false;
            }

            var before = Read(now);
            Stand(next, next.Version + 1);
            isMoved = Read(now) != before;
            return true;
        }
    }

    private void Stand(Pairing pairing, long version)
    {
        (_expiresAt, _status, _version) = (pairing.ExpiresAt, pairing.Status, version);
        _entered = pairing is { ApproverId: null, ClaimedUntil: null, IsSuspected: false, Grant: null, MatchNumber: null, RedeemedAt: null, IdempotencyKeyHash: null, RedeemedFrom: null }
            ? null
            : new Entered
            {
                ApproverId = pairing.ApproverId,
                ClaimedUntil = pairing.ClaimedUntil,
                IsSuspected = pairing.IsSuspected,
                Grant = pairing.Grant,
                MatchNumber = pairing.MatchNumber,
                RedeemedAt = pairing.RedeemedAt,
                IdempotencyKeyHash = pairing.IdempotencyKeyHash,
                RedeemedFrom = pairing.RedeemedFrom,
            };
    }
}

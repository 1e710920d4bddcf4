
namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// A <see cref="Pairing"/> in its table. No row is sealed and every member is virtual, because a host's proxies (<c>UseLazyLoadingProxies</c>,
/// <c>UseChangeTrackingProxies</c>) derive from every row in its model.
/// </summary>
internal class PairingRow
{
    public virtual Guid Id { get; set; }

    public virtual required string DeviceCodeHash { get; set; }

    public virtual required string UserCodeHash { get; set; }

    public virtual required string ClientId { get; set; }

    public virtual bool RequiresClientId { get; set; }

    public virtual required string RequestedScopes { get; set; }

    public virtual required string ReportedName { get; set; }

    public virtual string? ReportedPlatform { get; set; }

    public virtual string? ReportedClientVersion { get; set; }

    public virtual string? ReportedIdentifier { get; set; }

    public virtual string? ReportedAddress { get; set; }

    public virtual bool CanShowNumber { get; set; }

    public virtual long CreatedAt { get; set; }

    public virtual string? TraceParent { get; set; }

    public virtual long ExpiresAt { get; set; }

    public virtual long PollInterval { get; set; }

    public virtual long PollDueAt { get; set; }

    public virtual bool IsSlowed { get; set; }

    /// <summary>The attempt that wrote the pacing last.</summary>
    public virtual Guid PollWriteId { get; set; }

    public virtual PairingStatus Status { get; set; }

    public virtual string? ApproverId { get; set; }

    public virtual long? ClaimedUntil { get; set; }

    /// <summary>Null, which counts as false, if a version before it wrote the pairing.</summary>
    public virtual bool? IsSuspected { get; set; }

    public virtual string? GrantedScopes { get; set; }

    public virtual string? GrantedDeviceName { get; set; }

    public virtual bool GrantedAsNewDevice { get; set; }

    public virtual long? TokenExpiresAt { get; set; }

    /// <summary>Set if and only if something was granted.</summary>
    public virtual string? TokenSalt { get; set; }

    public virtual string? DeviceId { get; set; }

    /// <summary>Null, which counts as 0, if a version before it approved.</summary>
    public virtual long? GrantedSignOuts { get; set; }

    public virtual string? GrantedAccountStamp { get; set; }

    public virtual int? MatchNumber { get; set; }

    public virtual long? RedeemedAt { get; set; }

    public virtual string? IdempotencyKeyHash { get; set; }

    public virtual string? RedeemedFrom { get; set; }

    public virtual long Version { get; set; }

    /// <summary>The attempt that wrote the rest last.</summary>
    public virtual Guid WriteId { get; set; }

    public static PairingRow From(Pairing pairing) => new()
    {
        Id = pairing.Id,
        DeviceCodeHash = pairing.DeviceCodeHash,
        UserCodeHash = pairing.UserCodeHash,
        ClientId = pairing.ClientId,
        RequiresClientId = pairing.RequiresClientId,
        RequestedScopes = pairing.RequestedScopes.Write(),
        ReportedName = pairing.Device.Name,
        ReportedPlatform = pairing.Device.Platform,
        ReportedClientVersion = pairing.Device.ClientVersion,
        ReportedIdentifier = pairing.Device.Identifier,
        ReportedAddress = pairing.Device.Address,
        CanShowNumber = pairing.CanShowNumber,
        CreatedAt = pairing.CreatedAt.Write(),
        TraceParent = pairing.TraceParent,
        ExpiresAt = pairing.ExpiresAt.Write(),
        PollInterval = (long)pairing.Pacing.Interval.TotalMilliseconds,
        PollDueAt = pairing.Pacing.DueAt.Write(),
        IsSlowed = pairing.Pacing.IsSlowed,
        Status = pairing.Status,
        ApproverId = pairing.ApproverId,
        ClaimedUntil = pairing.ClaimedUntil.Write(),
        IsSuspected = pairing.IsSuspected,
        GrantedScopes = pairing.Grant?.Scopes.Write(),
        GrantedDeviceName = pairing.Grant?.DeviceName,
        GrantedAsNewDevice = pairing.Grant?.AsNewDevice ?? false,
        TokenExpiresAt = (pairing.Grant?.TokenExpiresAt).Write(),
        TokenSalt = pairing.Grant?.TokenSalt,
        DeviceId = pairing.Grant?.DeviceId,
        GrantedSignOuts = pairing.Grant?.SignOuts,
        GrantedAccountStamp = pairing.Grant?.AccountStamp,
        MatchNumber = pairing.MatchNumber,
        RedeemedAt = pairing.RedeemedAt.Write(),
        IdempotencyKeyHash = pairing.IdempotencyKeyHash,
        RedeemedFrom = pairing.RedeemedFrom,
        Version = pairing.Version,
    };

    public Pairing ToPairing() => new()
    {
        Id = Id,
        DeviceCodeHash = DeviceCodeHash,
        UserCodeHash = UserCodeHash,
        ClientId = ClientId,
        RequiresClientId = RequiresClientId,
        RequestedScopes = RequestedScopes.ReadScopes(),
        Device = new ReportedDevice
        {
            Name = ReportedName,
            Platform = ReportedPlatform,
            ClientVersion = ReportedClientVersion,
            Identifier = ReportedIdentifier,
            Address = ReportedAddress,
        },
        CanShowNumber = CanShowNumber,
        CreatedAt = CreatedAt.ReadTime(),
        TraceParent = TraceParent,
        ExpiresAt = ExpiresAt.ReadTime(),
        Pacing = new Pacing(TimeSpan.FromMilliseconds(PollInterval), PollDueAt.ReadTime(), IsSlowed),
        Status = Status,
        ApproverId = ApproverId,
        ClaimedUntil = ClaimedUntil.ReadTime(),
        IsSuspected = IsSuspected ?? false,
        Grant = TokenSalt is null ? null : new PairingGrant
        {
            Scopes = (GrantedScopes ?? "").ReadScopes(), // null is the empty text to some databases
            DeviceName = GrantedDeviceName,
            AsNewDevice = GrantedAsNewDevice,
            TokenExpiresAt = TokenExpiresAt.ReadTime(),
            TokenSalt = TokenSalt,
            DeviceId = DeviceId,
            SignOuts = GrantedSignOuts ?? 0,
            AccountStamp = GrantedAccountStamp,
        },
        MatchNumber = MatchNumber,
        RedeemedAt = RedeemedAt.ReadTime(),
        IdempotencyKeyHash = IdempotencyKeyHash,
        RedeemedFrom = RedeemedFrom,
        Version = Version,
    };
}

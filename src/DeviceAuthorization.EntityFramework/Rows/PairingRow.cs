namespace DeviceAuthorization;

/// <summary>A <see cref="Pairing"/> in its table.</summary>
internal sealed class PairingRow
{
    public Guid Id { get; set; }

    public required string DeviceCodeHash { get; set; }

    public required string UserCodeHash { get; set; }

    public required string ClientId { get; set; }

    public bool RequiresClientId { get; set; }

    public required string RequestedScopes { get; set; }

    public required string ReportedName { get; set; }

    public string? ReportedPlatform { get; set; }

    public string? ReportedClientVersion { get; set; }

    public string? ReportedIdentifier { get; set; }

    public string? ReportedAddress { get; set; }

    public bool CanShowNumber { get; set; }

    public long CreatedAt { get; set; }

    public long ExpiresAt { get; set; }

    public long PollInterval { get; set; }

    public long PollDueAt { get; set; }

    public bool IsSlowed { get; set; }

    /// <summary>Which attempt wrote the pacing last.</summary>
    public Guid PollWriteId { get; set; }

    public PairingStatus Status { get; set; }

    public string? ApproverId { get; set; }

    public long? ClaimedUntil { get; set; }

    public string? GrantedScopes { get; set; }

    public string? GrantedDeviceName { get; set; }

    public bool GrantedAsNewDevice { get; set; }

    public long? TokenExpiresAt { get; set; }

    /// <summary>Set exactly when something was granted.</summary>
    public string? TokenSalt { get; set; }

    public string? DeviceId { get; set; }

    public int? MatchNumber { get; set; }

    public long? RedeemedAt { get; set; }

    public string? IdempotencyKeyHash { get; set; }

    public string? RedeemedFrom { get; set; }

    public long Version { get; set; }

    /// <summary>Which attempt wrote the rest last.</summary>
    public Guid WriteId { get; set; }

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
        ExpiresAt = pairing.ExpiresAt.Write(),
        PollInterval = (long)pairing.Pacing.Interval.TotalMilliseconds,
        PollDueAt = pairing.Pacing.DueAt.Write(),
        IsSlowed = pairing.Pacing.IsSlowed,
        Status = pairing.Status,
        ApproverId = pairing.ApproverId,
        ClaimedUntil = pairing.ClaimedUntil.Write(),
        GrantedScopes = pairing.Grant?.Scopes.Write(),
        GrantedDeviceName = pairing.Grant?.DeviceName,
        GrantedAsNewDevice = pairing.Grant?.AsNewDevice ?? false,
        TokenExpiresAt = (pairing.Grant?.TokenExpiresAt).Write(),
        TokenSalt = pairing.Grant?.TokenSalt,
        DeviceId = pairing.Grant?.DeviceId,
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
        ExpiresAt = ExpiresAt.ReadTime(),
        Pacing = new Pacing(TimeSpan.FromMilliseconds(PollInterval), PollDueAt.ReadTime(), IsSlowed),
        Status = Status,
        ApproverId = ApproverId,
        ClaimedUntil = ClaimedUntil.ReadTime(),
        Grant = TokenSalt is null ? null : new PairingGrant
        {
            Scopes = GrantedScopes!.ReadScopes(),
            DeviceName = GrantedDeviceName,
            AsNewDevice = GrantedAsNewDevice,
            TokenExpiresAt = TokenExpiresAt.ReadTime(),
            TokenSalt = TokenSalt,
            DeviceId = DeviceId,
        },
        MatchNumber = MatchNumber,
        RedeemedAt = RedeemedAt.ReadTime(),
        IdempotencyKeyHash = IdempotencyKeyHash,
        RedeemedFrom = RedeemedFrom,
        Version = Version,
    };
}

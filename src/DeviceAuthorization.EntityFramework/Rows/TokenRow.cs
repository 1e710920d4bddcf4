namespace DeviceAuthorization;

/// <summary>An <see cref="IssuedToken"/> in its table.</summary>
internal sealed class TokenRow
{
    public Guid Id { get; set; }

    public required string UserId { get; set; }

    /// <summary>Null for a token made by hand, and once the device is gone.</summary>
    public string? DeviceId { get; set; }

    /// <summary>Whether it was made for a device: then it is worth nothing without one, whoever deleted it, and however.</summary>
    public bool IsBound { get; set; }

    public Guid? PairingId { get; set; }

    public string? ClientId { get; set; }

    public required string Hash { get; set; }

    public required string Name { get; set; }

    public required string Scopes { get; set; }

    public long CreatedAt { get; set; }

    public long? ExpiresAt { get; set; }

    public long? LastUsedAt { get; set; }

    public long? RevokedAt { get; set; }

    public long Version { get; set; }

    /// <summary>Which attempt wrote last.</summary>
    public Guid WriteId { get; set; }

    public static TokenRow From(IssuedToken token) => new()
    {
        Id = token.Id,
        UserId = token.UserId,
        DeviceId = token.DeviceId,
        IsBound = token.DeviceId is not null,
        PairingId = token.PairingId,
        ClientId = token.ClientId,
        Hash = token.Hash,
        Name = token.Name,
        Scopes = token.Scopes.Write(),
        CreatedAt = token.CreatedAt.Write(),
        ExpiresAt = token.ExpiresAt.Write(),
        LastUsedAt = token.LastUsedAt.Write(),
        RevokedAt = token.RevokedAt.Write(),
        Version = token.Version,
    };

    public IssuedToken ToToken() => new()
    {
        Id = Id,
        UserId = UserId,
        DeviceId = DeviceId,
        PairingId = PairingId,
        ClientId = ClientId,
        Hash = Hash,
        Name = Name,
        Scopes = Scopes.ReadScopes(),
        CreatedAt = CreatedAt.ReadTime(),
        ExpiresAt = ExpiresAt.ReadTime(),
        LastUsedAt = LastUsedAt.ReadTime(),
        RevokedAt = RevokedAt.ReadTime(),
        Version = Version,
    };
}

/// <summary>
/// One row per user who has devices or tokens, and nothing in it: whoever issues or deletes for a user writes it first, and so holds its
/// lock until the end of the transaction. Rows of tokens could not do that, for a user without any has none to lock.
/// </summary>
internal sealed class TokenOwnerRow
{
    public required string UserId { get; set; }

    public long Turn { get; set; }
}

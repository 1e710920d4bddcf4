namespace DeviceAuthorization.EntityFramework;

/// <summary>An <see cref="AccessToken"/> in its table.</summary>
internal class TokenRow
{
    public virtual Guid Id { get; set; }

    public virtual required string UserId { get; set; }

    /// <summary>Null for a token made by hand, and after its device was removed.</summary>
    public virtual string? DeviceId { get; set; }

    /// <summary>Whether it was made for a device. It is then void without one, even if the device was deleted by other means.</summary>
    public virtual bool IsBound { get; set; }

    public virtual Guid? PairingId { get; set; }

    public virtual string? ClientId { get; set; }

    public virtual string? StartedFrom { get; set; }

    public virtual string? AccountStamp { get; set; }

    public virtual required string Hash { get; set; }

    public virtual required string Name { get; set; }

    public virtual required string Scopes { get; set; }

    public virtual long CreatedAt { get; set; }

    public virtual long? ExpiresAt { get; set; }

    public virtual long? LastUsedAt { get; set; }

    public virtual long? RevokedAt { get; set; }

    public virtual long Version { get; set; }

    /// <summary>The attempt that wrote last.</summary>
    public virtual Guid WriteId { get; set; }

    public static TokenRow From(AccessToken token) => new()
    {
        Id = token.Id,
        UserId = token.UserId,
        DeviceId = token.DeviceId,
        IsBound = token.DeviceId is not null,
        PairingId = token.PairingId,
        ClientId = token.ClientId,
        StartedFrom = token.StartedFrom,
        AccountStamp = token.AccountStamp,
        Hash = token.Hash,
        Name = token.Name,
        Scopes = token.Scopes.Write(),
        CreatedAt = token.CreatedAt.Write(),
        ExpiresAt = token.ExpiresAt.Write(),
        LastUsedAt = token.LastUsedAt.Write(),
        RevokedAt = token.RevokedAt.Write(),
        Version = token.Version,
    };

    public AccessToken ToToken() => new()
    {
        Id = Id,
        UserId = UserId,
        DeviceId = DeviceId,
        PairingId = PairingId,
        ClientId = ClientId,
        StartedFrom = StartedFrom,
        AccountStamp = AccountStamp,
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
/// One row per user who has devices or tokens. A transaction that adds, issues or deletes for a user writes this row first (<see cref="OwnerTurn"/>),
/// and so holds its lock until the end. Rows of tokens cannot serve as the lock: a user without tokens has none.
/// </summary>
internal class TokenOwnerRow
{
    public virtual required string UserId { get; set; }

    public virtual long Turn { get; set; }

    /// <summary>How often the user was signed out everywhere. Null, which counts as 0, until the first time.</summary>
    public virtual long? SignOuts { get; set; }
}

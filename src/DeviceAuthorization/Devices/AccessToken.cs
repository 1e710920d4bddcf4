namespace DeviceAuthorization;

/// <summary>The record of an access token. The token itself is stored nowhere: only its holder has it.</summary>
public sealed record AccessToken
{
    /// <summary>Identifies the token in lists, logs and claims. Not a secret.</summary>
    public required Guid Id { get; init; }

    /// <summary>The user it acts for.</summary>
    public required string UserId { get; init; }

    /// <summary>The device it is bound to; <see langword="null"/> for a token that its user made by hand.</summary>
    public string? DeviceId { get; init; }

    /// <summary>The pairing that made it; <see langword="null"/> for one made by hand. A pairing never makes a second token.</summary>
    public Guid? PairingId { get; init; }

    /// <summary>
    /// The client that its pairing named, at most 128 characters; <see langword="null"/> for one made by hand. Never changes.
    /// </summary>
    public string? ClientId { get; init; }

    /// <summary>
    /// The network address that its pairing was started from, as the host's server saw it; <see langword="null"/> if unknown, and for one made by hand.
    /// Personal data, kept as long as the record, for <see cref="DeviceAccess.RevokeObtainedAsync"/>. Never changes, and no API or page shows it.
    /// </summary>
    public string? StartedFrom { get; init; }

    /// <summary>
    /// What the account's stamp (<see cref="IPairingPolicy.GetStampAsync"/>) was when its user approved or made the token: 128 bits of its SHA-256,
    /// base64url, 22 characters; <see langword="null"/> if it had none. Never changes.
    /// </summary>
    public string? AccountStamp { get; init; }

    /// <summary>SHA-256 of the token, lower-case hex; unique.</summary>
    public required string Hash { get; init; }

    /// <summary>The name people see, at most 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The granted scopes, sorted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From this moment on it is refused; <see langword="null"/> if it never expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was last used, as exact as <see cref="Device.LastSeenAt"/>. The first use is always recorded.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked. The record is kept for <see cref="RevokedRetention"/>, so that no late step of its pairing issues it again.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The repository raises this with every replacement, and compares it before the next (compare-and-swap).</summary>
    public long Version { get; init; }

    /// <summary>How long a revoked token stays on record: longer than any pairing lives.</summary>
    public static readonly TimeSpan RevokedRetention = TimeSpan.FromHours(1);

    /// <summary>Whether it is neither revoked nor expired.</summary>
    public bool IsLive(DateTimeOffset now) => RevokedAt is null && !(now >= ExpiresAt);

    /// <summary>Shows the ids, not the hash.</summary>
    public override string ToString() => $"AccessToken {{ Id = {Id}, DeviceId = {DeviceId} }}";
}

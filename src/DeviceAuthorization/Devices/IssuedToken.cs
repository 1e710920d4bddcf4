namespace DeviceAuthorization;

/// <summary>The record of a device token. The token itself is nowhere: only the device has it.</summary>
public sealed record IssuedToken
{
    /// <summary>Names the token in lists, logs and claims. No secret.</summary>
    public required Guid Id { get; init; }

    /// <summary>The pairing that made it; at most one token per pairing, ever.</summary>
    public required Guid PairingId { get; init; }

    /// <summary>SHA-256 of the token, lower-case hex; unique.</summary>
    public required string Hash { get; init; }

    /// <summary>The device it is bound to.</summary>
    public required string DeviceId { get; init; }

    /// <summary>The user it acts for.</summary>
    public required string UserId { get; init; }

    /// <summary>What it may do, sorted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it is refused; <see langword="null"/> when it never expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was last used, to within five minutes; the first use is always recorded.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked. A revoked token is kept as long as its pairing could bring it back.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Names the token, and does not show its hash.</summary>
    public override string ToString() => $"IssuedToken {{ Id = {Id}, DeviceId = {DeviceId} }}";
}

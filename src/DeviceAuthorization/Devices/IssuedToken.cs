namespace DeviceAuthorization;

/// <summary>The record of a token. The token itself is nowhere: only the device has it.</summary>
public sealed record IssuedToken
{
    /// <summary>Names the token in lists, logs and claims. No secret.</summary>
    public required Guid Id { get; init; }

    /// <summary>The user it acts for.</summary>
    public required string UserId { get; init; }

    /// <summary>The device it is bound to; <see langword="null"/> for one that its user made by hand.</summary>
    public string? DeviceId { get; init; }

    /// <summary>The pairing that made it, at most one token per pairing, ever; <see langword="null"/> for one made by hand.</summary>
    public Guid? PairingId { get; init; }

    /// <summary>
    /// The client that it was issued to: that of its pairing, at most 128 characters. Written once; <see langword="null"/> for one made by hand.
    /// </summary>
    public string? ClientId { get; init; }

    /// <summary>SHA-256 of the token, lower-case hex; unique.</summary>
    public required string Hash { get; init; }

    /// <summary>The name people see, at most 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>What it may do, sorted.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was issued.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>From when on it is refused; <see langword="null"/> when it never expires.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was last used, to within five minutes; the first use is always recorded.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>When it was revoked. Kept for <see cref="RevokedRetention"/>, so that no late step of its pairing brings it back.</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>Raised by the repository with every replacement; the compare of its compare-and-swap.</summary>
    public long Version { get; init; }

    /// <summary>How long a revoked token stays on record: longer than any pairing lives.</summary>
    public static readonly TimeSpan RevokedRetention = TimeSpan.FromHours(1);

    /// <summary>Whether it is neither revoked nor expired.</summary>
    /// <param name="now">The current time.</param>
    public bool IsLive(DateTimeOffset now) => RevokedAt is null && !(now >= ExpiresAt);

    /// <summary>Names the token, and does not show its hash.</summary>
    public override string ToString() => $"IssuedToken {{ Id = {Id}, DeviceId = {DeviceId} }}";
}

namespace DeviceAuthorization;

/// <summary>A device in a user's registry: the record the user sees, renames and revokes.</summary>
public sealed record Device
{
    /// <summary>The id, which the library makes.</summary>
    public required string Id { get; init; }

    /// <summary>The user who owns it: the host's id for them, at most 255 characters.</summary>
    public required string UserId { get; init; }

    /// <summary>The name people see, at most 255 characters.</summary>
    public string? Name { get; init; }

    /// <summary>The system it runs on, as it reported; at most 50 characters.</summary>
    public string? Platform { get; init; }

    /// <summary>The client on it; at most 50 characters if it registered itself, 128 if it was paired.</summary>
    public string? Client { get; init; }

    /// <summary>The version of the client, as it reported; at most 50 characters.</summary>
    public string? ClientVersion { get; init; }

    /// <summary>A network address, as it reported; at most 45 characters.</summary>
    public string? IpAddress { get; init; }

    /// <summary>The hardware address, as it reported; at most 17 characters.</summary>
    public string? MacAddress { get; init; }

    /// <summary>The host name, as it reported; at most 255 characters.</summary>
    public string? Hostname { get; init; }

    /// <summary>The device's own identifier of its installation, sent when it pairs; unique per user.</summary>
    public string? ClientDeviceIdentifier { get; init; }

    /// <summary>
    /// Recognises a device that registers without pairing (fingerprint); unique per user. <see langword="null"/> if it has none,
    /// or must not be recognised.
    /// </summary>
    public string? Fingerprint { get; init; }

    /// <summary>How it exchanges saves.</summary>
    public SyncMode SyncMode { get; init; }

    /// <summary>Whether it exchanges saves.</summary>
    public bool SyncEnabled { get; init; } = true;

    /// <summary>Settings for the exchange of saves, some of them secret.</summary>
    public SecretDocument? SyncConfig { get; init; }

    /// <summary>
    /// What it says of itself, such as <c>{"remote_install": true}</c>: at most <see cref="MaxCapabilities"/> names of 1 to <see cref="LongestCapability"/> characters.
    /// <see langword="null"/> if it never said. Pairing again leaves them as they are.
    /// </summary>
    public IReadOnlyDictionary<string, bool>? Capabilities { get; init; }

    /// <summary>When it was registered or last called the API, to within a third of <see cref="DeviceAuthorizationOptions.OnlineAfterCall"/>: 30 seconds by default.</summary>
    public DateTimeOffset? LastSeenAt { get; init; }

    /// <summary>When it was registered.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When the record last changed. A new <see cref="LastSeenAt"/> is no change.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The repository raises this with every replacement, and compares it before the next (compare-and-swap).</summary>
    public long Version { get; init; }

    /// <summary>How many <see cref="Capabilities"/> a device may name.</summary>
    public const int MaxCapabilities = 32;

    /// <summary>How many characters the name of one of <see cref="Capabilities"/> may have.</summary>
    public const int LongestCapability = 64;

    /// <summary>Whether it says that it has a capability. One that it does not name, it does not have.</summary>
    /// <param name="capability">Its name, compared by ordinal.</param>
    public bool Can(string capability) => Capabilities?.GetValueOrDefault(capability) ?? false;
}

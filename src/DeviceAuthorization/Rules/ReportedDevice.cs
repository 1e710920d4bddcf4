namespace DeviceAuthorization;

/// <summary>What a device says of itself when it asks to pair. Nothing of it is verified; show it as such.</summary>
public sealed record ReportedDevice
{
    /// <summary>The device's own name, 1 to 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The system it runs on, at most 50 characters.</summary>
    public string? Platform { get; init; }

    /// <summary>The version of the client, at most 50 characters.</summary>
    public string? ClientVersion { get; init; }

    /// <summary>
    /// What the device calls its installation, at most 255 characters. The same user pairing the same identifier again gets
    /// the same <see cref="Device"/>; without one every pairing makes a new device.
    /// </summary>
    public string? Identifier { get; init; }

    /// <summary>
    /// The network address the request came from, as the host's server saw it. It does not depend on headers that no middleware of the host took
    /// over, because anybody can send those; behind a proxy that the host does not know it is the proxy's.
    /// </summary>
    public string? Address { get; init; }
}

namespace DeviceAuthorization;

/// <summary>What a device says about itself when it starts a pairing. None of it is verified: show it as such.</summary>
public sealed record ReportedDevice
{
    /// <summary>The device's own name, 1 to 255 characters.</summary>
    public required string Name { get; init; }

    /// <summary>The system it runs on, at most 50 characters.</summary>
    public string? Platform { get; init; }

    /// <summary>The version of the client, at most 50 characters.</summary>
    public string? ClientVersion { get; init; }

    /// <summary>
    /// The device's own identifier of its installation, at most 255 characters. If the same user pairs the same identifier again, the
    /// <see cref="Device"/> is the same. Without an identifier, every pairing creates a new device.
    /// </summary>
    public string? Identifier { get; init; }

    /// <summary>
    /// The network address of the request, as the host's server saw it. A header counts only if a middleware of the host applied it, because anybody
    /// can send headers. Behind a proxy that the host does not know, this is the proxy's address.
    /// </summary>
    public string? Address { get; init; }
}

namespace DeviceAuthorization.Client;

/// <summary>What the device says about itself when it starts a pairing. The approver sees it. Only members that are set are sent.</summary>
public sealed record DeviceDescription
{
    /// <summary>The name that people see, such as <c>Living room TV</c> (<c>name</c>).</summary>
    public string? Name { get; set; }

    /// <summary>The system or kind of device, such as <c>Android</c> (<c>platform</c>).</summary>
    public string? Platform { get; set; }

    /// <summary>
    /// An id by which the server recognises the device when it pairs again (<c>client_device_identifier</c>). Make it once, at random, and keep it.
    /// </summary>
    public string? Identifier { get; set; }

    /// <summary>The version of the app (<c>client_version</c>).</summary>
    public string? Version { get; set; }
}

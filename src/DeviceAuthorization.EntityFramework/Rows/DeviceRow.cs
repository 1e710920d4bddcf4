namespace DeviceAuthorization;

/// <summary>A <see cref="Device"/> in its table.</summary>
internal sealed class DeviceRow
{
    public required string Id { get; set; }

    public required string UserId { get; set; }

    public string? Name { get; set; }

    public string? Platform { get; set; }

    public string? Client { get; set; }

    public string? ClientVersion { get; set; }

    public string? IpAddress { get; set; }

    public string? MacAddress { get; set; }

    public string? Hostname { get; set; }

    public string? ClientDeviceIdentifier { get; set; }

    public string? Fingerprint { get; set; }

    public SyncMode SyncMode { get; set; }

    public bool SyncEnabled { get; set; }

    public string? SyncConfig { get; set; }

    public long? LastSeenAt { get; set; }

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }

    public long Version { get; set; }

    /// <summary>Which attempt wrote last.</summary>
    public Guid WriteId { get; set; }

    public static DeviceRow From(Device device, SyncConfigColumn configs) => new()
    {
        Id = device.Id,
        UserId = device.UserId,
        Name = device.Name,
        Platform = device.Platform,
        Client = device.Client,
        ClientVersion = device.ClientVersion,
        IpAddress = device.IpAddress,
        MacAddress = device.MacAddress,
        Hostname = device.Hostname,
        ClientDeviceIdentifier = device.ClientDeviceIdentifier,
        Fingerprint = device.Fingerprint,
        SyncMode = device.SyncMode,
        SyncEnabled = device.SyncEnabled,
        SyncConfig = configs.Write(device.Id, device.SyncConfig),
        LastSeenAt = device.LastSeenAt.Write(),
        CreatedAt = device.CreatedAt.Write(),
        UpdatedAt = device.UpdatedAt.Write(),
        Version = device.Version,
    };

    public Device ToDevice(SyncConfigColumn configs) => new()
    {
        Id = Id,
        UserId = UserId,
        Name = Name,
        Platform = Platform,
        Client = Client,
        ClientVersion = ClientVersion,
        IpAddress = IpAddress,
        MacAddress = MacAddress,
        Hostname = Hostname,
        ClientDeviceIdentifier = ClientDeviceIdentifier,
        Fingerprint = Fingerprint,
        SyncMode = SyncMode,
        SyncEnabled = SyncEnabled,
        SyncConfig = configs.Read(Id, SyncConfig),
        LastSeenAt = LastSeenAt.ReadTime(),
        CreatedAt = CreatedAt.ReadTime(),
        UpdatedAt = UpdatedAt.ReadTime(),
        Version = Version,
    };
}

namespace DeviceAuthorization.EntityFramework;

/// <summary>A <see cref="Device"/> in its table.</summary>
internal class DeviceRow
{
    public virtual required string Id { get; set; }

    public virtual required string UserId { get; set; }

    public virtual string? Name { get; set; }

    public virtual string? Platform { get; set; }

    public virtual string? Client { get; set; }

    public virtual string? ClientVersion { get; set; }

    public virtual string? IpAddress { get; set; }

    public virtual string? MacAddress { get; set; }

    public virtual string? Hostname { get; set; }

    public virtual string? ClientDeviceIdentifier { get; set; }

    public virtual string? Fingerprint { get; set; }

    public virtual SyncMode SyncMode { get; set; }

    public virtual bool SyncEnabled { get; set; }

    public virtual string? SyncConfig { get; set; }

    public virtual string? Capabilities { get; set; }

    public virtual long? LastSeenAt { get; set; }

    public virtual long CreatedAt { get; set; }

    public virtual long UpdatedAt { get; set; }

    public virtual long Version { get; set; }

    /// <summary>The attempt that wrote last.</summary>
    public virtual Guid WriteId { get; set; }

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
        Capabilities = device.Capabilities.Write(),
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
        Capabilities = Capabilities.ReadFlags(),
        LastSeenAt = LastSeenAt.ReadTime(),
        CreatedAt = CreatedAt.ReadTime(),
        UpdatedAt = UpdatedAt.ReadTime(),
        Version = Version,
    };
}

using System.Text.Json.Serialization;

namespace DeviceAuthorization;

/// <summary>How a device exchanges saves with the host, in RomM's words.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SyncMode>))]
public enum SyncMode
{
    /// <summary>The device calls the API.</summary>
    [JsonStringEnumMemberName("api")]
    Api,

    /// <summary>Files are put into a folder.</summary>
    [JsonStringEnumMemberName("file_transfer")]
    FileTransfer,

    /// <summary>The host pushes to, and pulls from, the device.</summary>
    [JsonStringEnumMemberName("push_pull")]
    PushPull,
}

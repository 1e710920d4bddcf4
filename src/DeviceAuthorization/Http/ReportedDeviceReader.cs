using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>Reads what a device says of itself, the same for every dialect. The limits are RomM's.</summary>
internal static class ReportedDeviceReader
{
    public const int MaxLong = 255;
    public const int MaxShort = 50;
    public const string Problem =
        "client_device_identifier and name are at most 255 characters, client, platform and client_version at most 50; none may hold control characters.";

    /// <summary>The device; null when a text is too long or unfit to be shown. A name of which nothing visible is left becomes the fallback.</summary>
    public static ReportedDevice? Read(
        HttpContext context, string? identifier, string name, string? platform, string? clientVersion, string? fallbackName = null) =>
        (identifier is null || ReportedText.IsIdentifier(identifier, MaxLong))
        && ReportedText.TryClean(name, MaxLong, out var cleanName)
        && ReportedText.TryClean(platform, MaxShort, out var cleanPlatform)
        && ReportedText.TryClean(clientVersion, MaxShort, out var cleanVersion)
            ? new ReportedDevice
            {
                Identifier = identifier,
                Name = cleanName ?? fallbackName ?? "Device",
                Platform = cleanPlatform,
                ClientVersion = cleanVersion,
                Address = ClientNetwork.AddressOf(context),
            }
            : null;
}

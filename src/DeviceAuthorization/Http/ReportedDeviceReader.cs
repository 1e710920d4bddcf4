using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>Reads what a device says about itself, in the same way for every dialect. The limits are RomM's.</summary>
internal static class ReportedDeviceReader
{
    public const int MaxLong = 255;
    public const int MaxShort = 50;
    public const string Problem =
        "client_device_identifier and name are at most 255 characters, client, platform and client_version at most 50; none may hold control characters.";

    /// <summary>The device; null if a text is too long or cannot be shown. A name without any visible character becomes the fallback.</summary>
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

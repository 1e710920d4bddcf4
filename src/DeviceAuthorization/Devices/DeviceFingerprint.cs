namespace DeviceAuthorization;

/// <summary>
/// What a device is recognised by that has no identifier of its own: its hardware address alone, or else its host name and platform
/// together, in one spelling.
/// </summary>
public static class DeviceFingerprint
{
    /// <summary>Makes the fingerprint.</summary>
    /// <param name="macAddress">
    /// The hardware address in any usual spelling. What is none, or one that many devices share (all zeros, broadcast, Android's
    /// <c>02:00:00:00:00:00</c>), does not count.
    /// </param>
    /// <param name="hostname">The host name; case does not count.</param>
    /// <param name="platform">The platform; case does not count.</param>
    /// <returns>The fingerprint; <see langword="null"/> when there is not enough to recognise a device by.</returns>
    public static string? Of(string? macAddress, string? hostname, string? platform)
    {
        var hex = string.Concat((macAddress ?? "").Where(c => c is not (':' or '-' or '.' or ' '))).ToLowerInvariant();
        if (hex.Length is 12 or 16 && hex.All(char.IsAsciiHexDigit) && !IsShared(hex))
        {
            return "mac:" + hex;
        }

        return string.IsNullOrWhiteSpace(hostname) || string.IsNullOrWhiteSpace(platform)
            ? null
            : $"host:{hostname.Trim().TrimEnd('.').ToLowerInvariant()}\n{platform.Trim().ToLowerInvariant()}";
    }

    private static bool IsShared(string hex) => hex == "020000000000" || hex.All(c => c == '0') || hex.All(c => c == 'f');
}

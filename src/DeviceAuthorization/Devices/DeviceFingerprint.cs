namespace DeviceAuthorization.Devices;

/// <summary>Recognises a device without an identifier: by its hardware address alone, or else by its host name and platform together.</summary>
internal static class DeviceFingerprint
{
    /// <summary>Makes the fingerprint, in one spelling.</summary>
    /// <param name="macAddress">
    /// The hardware address in any usual spelling. Ignored if it is invalid, or one that many devices share (all zeros, broadcast, Android's
    /// <c>02:00:00:00:00:00</c>).
    /// </param>
    /// <param name="hostname">The host name, in any case.</param>
    /// <param name="platform">The platform, in any case.</param>
    /// <returns>The fingerprint; <see langword="null"/> if there is too little to recognise a device by.</returns>
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

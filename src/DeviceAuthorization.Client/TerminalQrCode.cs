using QRCoder;

namespace DeviceAuthorization.Client;

/// <summary>Draws QR codes for terminals.</summary>
public static class TerminalQrCode
{
    /// <summary>
    /// Draws a text as a QR code of half-block characters, with the quiet zone that scanners need. The blocks are the light part: print it light on dark,
    /// because some phones cannot read an inverted code.
    /// </summary>
    /// <param name="text">The text, such as <see cref="DevicePairing.VerificationUriComplete"/>.</param>
    /// <returns>The lines, separated by <c>\n</c>. All have the same length.</returns>
    public static string Draw(string text)
    {
        using var code = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
        using var picture = new AsciiQRCode(code);
        return picture.GetGraphicSmall();
    }
}

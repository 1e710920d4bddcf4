using DeviceAuthorization.Http;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Http;
using QRCoder;

namespace DeviceAuthorization;

/// <summary>
/// The link that includes the user code (<c>verification_uri_complete</c>, RFC 8628 §3.3.1) as a QR code, for a host that draws the device's screen
/// itself. The picture holds only this link. It is always dark on white, with a quiet zone of four modules. Embed it in the page: a picture with an
/// address of its own would expose the user code there.
/// </summary>
public sealed class PairingQrCode
{
    private const int MaxPixelsPerModule = 100;

    private PairingQrCode(string uri) => Uri = uri;

    /// <summary>
    /// The link, with the origin <see cref="DeviceAuthorizationOptions.PublicOrigin"/>. In Development the request's own origin replaces a missing
    /// setting.
    /// </summary>
    public string Uri { get; }

    /// <summary>Creates the picture for a user code that this host gave out.</summary>
    /// <param name="request">The request that the host answers. Its path base becomes part of the link.</param>
    /// <param name="userCode">The code, as <see cref="DeviceFlow.StartAsync"/> gave it.</param>
    public static PairingQrCode Of(HttpRequest request, UserCode userCode)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(userCode);
        var address = request.HttpContext.RequestServices.GetRequiredService<PublicAddress>();
        return new PairingQrCode(VerificationLinks.Complete(address.Links(request).Uri, userCode.RevealGrouped()));
    }

    /// <summary>Draws an <c>svg</c> element without a size of its own: it fills its container.</summary>
    /// <param name="alternative">The text for screen readers, as plain text; not blank. Show the code as text beside the picture.</param>
    public string ToSvg(string alternative)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(alternative);
        using var data = Data();
        using var code = new SvgQRCode(data);
        var svg = code.GetGraphic(1, "#000", "#fff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
        return svg.Replace("<svg ", $"<svg role=\"img\" aria-label=\"{Markup.Encoder.Encode(alternative)}\" ", StringComparison.Ordinal);
    }

    /// <summary>Draws a PNG file, black on white.</summary>
    /// <param name="pixelsPerModule">The size of one square (module) in pixels, from 1 to 100; 8 by default. A code has about 40 modules a side.</param>
    public byte[] ToPng(int pixelsPerModule = 8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixelsPerModule, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pixelsPerModule, MaxPixelsPerModule);
        using var data = Data();
        using var code = new PngByteQRCode(data);
        return code.GetGraphic(pixelsPerModule, drawQuietZones: true);
    }

    // Level M: a reflection on the screen may hide up to 15 % of the code.
    private QRCodeData Data() => QRCodeGenerator.GenerateQrCode(Uri, QRCodeGenerator.ECCLevel.M);

    /// <summary>Never contains the link, because the link includes the user code.</summary>
    public override string ToString() => nameof(PairingQrCode);
}

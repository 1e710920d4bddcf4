using DeviceAuthorization.Http;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Http;
using QRCoder;

namespace DeviceAuthorization;

/// <summary>
/// The link that brings the code along (<c>verification_uri_complete</c>, RFC 8628 §3.3.1) as a picture, for a host that draws the device's
/// screen itself. It holds this link and nothing else, dark on white with a quiet zone of four modules, whatever the colours around it. Put it
/// into the page: a picture with an address of its own would carry the user code there.
/// </summary>
public sealed class PairingQrCode
{
    private const int MaxPixelsPerModule = 100;

    private PairingQrCode(string uri) => Uri = uri;

    /// <summary>The link, from <see cref="DeviceAuthorizationOptions.PublicOrigin"/>; from the request itself only in Development.</summary>
    public string Uri { get; }

    /// <summary>The picture for a code that this host gave out.</summary>
    /// <param name="request">The request that is answered; its path base belongs to the link.</param>
    /// <param name="userCode">The code, as <see cref="DeviceFlow.StartAsync"/> gave it.</param>
    public static PairingQrCode Of(HttpRequest request, UserCode userCode)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(userCode);
        var address = request.HttpContext.RequestServices.GetRequiredService<PublicAddress>();
        return new PairingQrCode(VerificationLinks.Complete(address.Links(request).Uri, userCode.RevealGrouped()));
    }

    /// <summary>An <c>svg</c> element without a size of its own: it fills what is around it.</summary>
    /// <param name="alternative">What a screen reader says instead, plain text. The code belongs beside the picture, as text.</param>
    public string ToSvg(string alternative)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(alternative);
        using var data = Data();
        using var code = new SvgQRCode(data);
        var svg = code.GetGraphic(1, "#000", "#fff", drawQuietZones: true, SvgQRCode.SizingMode.ViewBoxAttribute);
        return svg.Replace("<svg ", $"<svg role=\"img\" aria-label=\"{Markup.Encoder.Encode(alternative)}\" ", StringComparison.Ordinal);
    }

    /// <summary>A PNG file, black on white.</summary>
    /// <param name="pixelsPerModule">The size of one square, from 1 to 100; a code has about 40 of them a side.</param>
    public byte[] ToPng(int pixelsPerModule = 8)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pixelsPerModule, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pixelsPerModule, MaxPixelsPerModule);
        using var data = Data();
        using var code = new PngByteQRCode(data);
        return code.GetGraphic(pixelsPerModule, drawQuietZones: true);
    }

    // M: up to 15 % of it may be hidden by a reflection on the screen.
    private QRCodeData Data() => QRCodeGenerator.GenerateQrCode(Uri, QRCodeGenerator.ECCLevel.M);

    /// <summary>Never the link: it has the code in it.</summary>
    public override string ToString() => nameof(PairingQrCode);
}

using System.Diagnostics;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>The picture of the link, read back by another program (zbar).</summary>
public sealed class PairingQrCodeTests
{
    private const string Link = "https://tv.example.com/app/pair/device?user_code=WDJB-MJHT";

    [Fact]
    [Trait("Outside", "program")]
    public async Task The_png_holds_exactly_the_link_to_the_configured_origin()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal(Link, await ReadAsync(Of(host).ToPng(), "png"));
    }

    [Fact]
    [Trait("Outside", "program")]
    public async Task The_svg_holds_the_same_and_says_what_it_is()
    {
        await using var host = await TestHost.StartAsync();
        var svg = Of(host).ToSvg("\"><script>alert(1)</script>");
        var root = XDocument.Parse(svg).Root!;
        Assert.Equal("\"><script>alert(1)</script>", root.Attribute("aria-label")?.Value);
        Assert.Equal("img", root.Attribute("role")?.Value);
        Assert.DoesNotContain(root.Descendants(), element => element.Name.LocalName is "script" or "text" or "image" or "a");
        Assert.Equal(Link, await ReadAsync(await ConvertAsync(svg), "png"));
    }

    [Fact]
    public async Task The_quiet_zone_is_four_modules_wide_and_white()
    {
        await using var host = await TestHost.StartAsync();
        var root = XDocument.Parse(Of(host).ToSvg("code")).Root!;
        var box = root.Attribute("viewBox")!.Value.Split(' ').Select(int.Parse).ToArray();
        var rows = root.Descendants().Where(element => element.Name.LocalName == "path").Select(path => path.Attribute("d")!.Value);
        Assert.Equal("#fff", root.Descendants().First(element => element.Name.LocalName == "rect").Attribute("fill")?.Value);
        Assert.StartsWith("M4 4h7", rows.First().Trim(), StringComparison.Ordinal);
        Assert.InRange(box[2], 33, 61); // a version that phones read from across a room
    }

    [Theory]
    [InlineData(0)]
    [InlineData(101)]
    public async Task A_picture_of_no_size_or_an_endless_one_is_refused(int pixels)
    {
        await using var host = await TestHost.StartAsync();
        Assert.Throws<ArgumentOutOfRangeException>(() => Of(host).ToPng(pixels));
        Assert.Equal("PairingQrCode", Of(host).ToString());
    }

    private static PairingQrCode Of(TestHost host)
    {
        Assert.True(UserCodeFormat.Standard.TryParse("wdjbmjht", out var code));
        var request = new DefaultHttpContext { RequestServices = host.Services }.Request;
        (request.Scheme, request.Host, request.PathBase) = ("http", new HostString("evil.example"), "/app");
        return PairingQrCode.Of(request, code);
    }

    private static async Task<string> ReadAsync(byte[] picture, string extension)
    {
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():N}.{extension}");
        await File.WriteAllBytesAsync(file, picture);
        try
        {
            return Encoding.UTF8.GetString(await RunAsync("zbarimg", [], "--quiet", "--raw", file)).Trim();
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static Task<byte[]> ConvertAsync(string svg) => RunAsync("rsvg-convert", Encoding.UTF8.GetBytes(svg), "--width=400");

    private static async Task<byte[]> RunAsync(string program, byte[] input, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            RedirectStandardError = true, // zbar grumbles there that no desktop listens
        })!;
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.BaseStream.WriteAsync(input);
        process.StandardInput.Close();
        using var output = new MemoryStream();
        await process.StandardOutput.BaseStream.CopyToAsync(output);
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await errors}");
        return output.ToArray();
    }
}

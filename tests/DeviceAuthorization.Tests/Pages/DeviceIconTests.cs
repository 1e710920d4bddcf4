using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Html;

namespace DeviceAuthorization.Tests;

/// <summary>The picture of a device follows from what it reports.</summary>
public sealed class DeviceIconTests
{
    private static readonly string Other = Of("");

    [Theory]
    [InlineData("a television", "tvOS 20", "Android TV 14", "webOS", "Living room TV", "GoogleTV")]
    [InlineData("a console", "muOS", "Knulli", "SteamOS 3", "Nintendo Switch", "Steam Deck", "Handheld")]
    [InlineData("a phone", "Android 15", "iOS 26", "iPhone", "org.example.phone")]
    [InlineData("a terminal", "cli", "Backup script", "PowerShell 7")]
    [InlineData("a computer", "Windows 11", "macOS 26", "Linux x64", "Desktop PC")]
    public void Devices_of_a_kind_have_the_same_picture(string kind, params string[] reported)
    {
        Assert.All(reported, text => Assert.True(Of(text) == Of(reported[0]), $"{text} is {kind}"));
        Assert.True(Of(reported[0]) != Other, kind);
    }

    [Fact]
    public void The_first_text_that_tells_something_counts()
    {
        Assert.Equal(Of("tvOS"), Of(null, "tvOS", "Android"));
        Assert.Equal(Of("Android"), Of("Cartridge OS", "Android", "tvOS"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("e-reader")]
    [InlineData("activity monitor")] // not a TV
    [InlineData("network switch")]
    [InlineData("biosphere")]
    public void Anything_else_has_the_general_picture(string reported) => Assert.Equal(Other, Of(reported));

    private static string Of(params string?[] reported)
    {
        using var html = new StringWriter();
        DeviceIcon.Of(reported).WriteTo(html, Markup.Encoder);
        return html.ToString();
    }
}

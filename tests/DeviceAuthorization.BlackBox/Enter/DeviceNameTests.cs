using System.Net;

namespace DeviceAuthorization.BlackBox;

/// <summary>Names of devices on the pages (rows 39, 40 and 42).</summary>
public abstract class DeviceNameTests(Store store)
{
    public static TheoryData<string, string, string> HostileNames => new()
    {
        { "39, a script", "<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;" },
        { "39, an image", "\"><img src=x onerror=1>", "&quot;&gt;&lt;img src=x onerror=1&gt;" },
        { "40, bidirectional and invisible", "Li\u202Eving\u2066 ro\u200Bom", "Living room" },
        { "40, 200 accents", "A" + new string('\u0301', 200) + "B", "A\u0301\u0301B" },
        { "42, white space only", " \u00A0 ", "Device" },
    };

    [SkippableTheory]
    [MemberData(nameof(HostileNames))]
    public async Task A_hostile_name_is_only_text_on_the_pages_and_in_the_API(string row, string name, string shown)
    {
        _ = row;
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync(more: "&name=" + WebUtility.UrlEncode(name));
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(codes);
        Assert.Contains($"<strong><bdi>{WebUtility.HtmlDecode(shown)}</bdi>", WebUtility.HtmlDecode(review.Body), StringComparison.Ordinal);
        Assert.Equal("Device approved", (await alice.DecideAsync(review, "approve")).Title());

        var devices = (await alice.CallAsync("GET", "/api/devices")).Is(200);
        Assert.Contains(devices.Json.EnumerateArray(), device => device.GetProperty("name").GetString() == WebUtility.HtmlDecode(shown));
        var page = (await alice.CallAsync("GET", "/pair/devices")).Is(200).IsPage();
        foreach (var html in (string[])[review.Body, page.Body])
        {
            Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", html, StringComparison.Ordinal);
            Assert.DoesNotMatch("[\u202E\u2066\u200B]", WebUtility.HtmlDecode(html));
        }
    }
}

using System.Net;
using System.Text.RegularExpressions;
using DeviceAuthorization.Pages;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>The pages in a group of the host's: everything that leads somewhere leads there.</summary>
public sealed class PageGroupTests
{
    private const string Group = "/internal/tools";

    [Theory]
    [InlineData(null)]
    [InlineData("/app")]
    public async Task In_a_group_every_link_form_redirect_and_cookie_has_the_right_address(string? pathBase)
    {
        await using var host = await StartAsync(Map, pathBase);
        var (page, devices) = ($"{pathBase}{Group}/pair/device", $"{pathBase}{Group}/pair/devices");
        using var content = new FormUrlEncodedContent([new("client_id", "tv"), new("scope", "library.read")]);
        using var start = await host.Device().PostAsync($"{pathBase}{Group}{Wire.Prefix}/init", content);
        var codes = StartedCodes.From(await start.JsonAsync());
        Assert.Equal($"https://tv.example.com{page}", codes.Body.String("verification_uri"));
        Assert.Equal($"https://tv.example.com{page}?user_code={codes.UserCode}", codes.Body.String("verification_uri_complete"));
        Assert.Equal($"{Group}/pair/device", codes.Body.String("verification_path")); // clients have the path base

        using var strange = await host.Browser().GetAsync(page);
        Assert.Equal($"https://tv.example.com{pathBase}/login?ReturnUrl={Uri.EscapeDataString(page)}", strange.Headers.Location?.OriginalString);

        var alice = await host.SignInAsync("alice");
        using var link = await alice.GetAsync(codes.Body.String("verification_uri_complete"));
        Assert.Equal((HttpStatusCode.SeeOther, page), (link.StatusCode, link.Headers.Location?.OriginalString));
        Assert.Contains($"path={page};", Assert.Single(link.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        var form = await alice.GetStringAsync(page);
        AssertBelow(form);
        Assert.Contains($"value=\"{codes.UserCode}\"", form, StringComparison.Ordinal); // the cookie came back
        using var review = await alice.EnterCodeAsync(codes.UserCode, page);
        AssertBelow(await review.HtmlAsync());
        using var decided = await alice.PostDecisionAsync(await review.HtmlAsync(), "approve");
        var approved = await decided.HtmlAsync();
        AssertBelow(approved);
        Assert.Contains($"href=\"{devices}\"", approved, StringComparison.Ordinal);
        using var poll = await host.Device().PostAsync(
            $"{pathBase}{Group}{Wire.Prefix}/token",
            new FormUrlEncodedContent([new("client_id", "tv"), new("grant_type", Wire.GrantType), new("device_code", codes.DeviceCode)]));
        Assert.Equal(HttpStatusCode.OK, poll.StatusCode);

        var list = await alice.GetStringAsync(devices);
        AssertBelow(list);
        Assert.Contains($"href=\"{page}\"", list, StringComparison.Ordinal);
        using var renamed = await alice.PostOnlyAsync(
            $"{devices}/rename", [.. DevicesBrowser.Fields(list, "rename").Where(field => field.Name != "name"), ("name", "Kitchen")]);
        Assert.Equal((HttpStatusCode.SeeOther, devices), (renamed.StatusCode, renamed.Headers.Location?.OriginalString));
        Assert.Contains($"path={devices};", Assert.Single(renamed.Headers.GetValues("Set-Cookie")), StringComparison.Ordinal);
        Assert.Contains("The name is saved.", await alice.GetStringAsync(devices), StringComparison.Ordinal);

        foreach (var back in new[] { page, page + "/review", devices })
        {
            using var language = await alice.PostOnlyAsync($"{(back == devices ? devices : page)}/language", ("language", "de"), ("back", back));
            Assert.Equal(back, language.Headers.Location?.OriginalString);
        }

        void AssertBelow(string html) => Assert.All(
            Regex.Matches(html, "(?:action|href)=\"([^\"]+)\"").Select(match => match.Groups[1].Value).Where(address => !address.StartsWith('#')),
            address => Assert.StartsWith($"{pathBase}{Group}/pair/device", address, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_QR_code_leads_to_the_page_in_its_group()
    {
        await using var host = await StartAsync(app =>
        {
            Map(app);
            app.MapGet("/test/qr", async (Microsoft.AspNetCore.Http.HttpContext context, DeviceFlow pairings) => PairingQrCode.Of(
                context.Request,
                ((StartResult.Started)await pairings.StartAsync(new() { ClientId = "tv", Device = new() { Name = "TV" } })).UserCode).Uri);
        });
        Assert.StartsWith($"https://tv.example.com{Group}/pair/device?user_code=", await host.Device().GetStringAsync("/test/qr"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_is_mapped_twice_stays_where_it_was_opened_and_links_lead_to_the_first()
    {
        await using var host = await TestHost.StartAsync(map: app =>
        {
            app.MapGroup(Group).MapDevicePairingPage();
            app.MapGroup(Group).MapDevicesPage();
            app.MapDevicesPage();
        });
        var alice = await host.SignInAsync("alice");
        foreach (var prefix in new[] { "", Group })
        {
            Assert.Contains($"action=\"{prefix}/pair/device\"", await alice.GetStringAsync($"{prefix}/pair/device"), StringComparison.Ordinal);
            Assert.Contains($"action=\"{prefix}/pair/devices/switch\"", await alice.GetStringAsync($"{prefix}/pair/devices"), StringComparison.Ordinal);
        }

        Assert.Equal("https://tv.example.com/pair/device", (await host.Device().StartAsync()).Body.String("verification_uri"));
    }

    [Theory]
    [InlineData("MapDevicePairingPage")]
    [InlineData("MapDevicesPage")]
    public async Task In_a_group_with_a_parameter_the_host_does_not_start(string page)
    {
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(),
            app => _ = page == "MapDevicesPage" ? app.MapGroup("/{tenant}").MapDevicesPage() : app.MapGroup("/{tenant}").MapDevicePairingPage(),
            settings: MinimalHost.Origin));
        Assert.StartsWith($"The page '/{{tenant}}/pair/device{(page == "MapDevicesPage" ? "s" : "")}' has a parameter in its path", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nothing", true)]
    [InlineData("the page", false)]
    [InlineData("the page in a group", false)]
    [InlineData("the host's own page", false)]
    [InlineData("the host's own page for every path", false)]
    [InlineData("another page of the host's", true)]
    [InlineData("no flow", false)]
    public async Task Where_links_lead_nowhere_the_host_says_so_at_its_start(string mapped, bool warns)
    {
        await using var host = await TestHost.StartAsync(mapFlow: app =>
        {
            if (mapped != "no flow")
            {
                app.MapDeviceAuthorization();
            }

            _ = mapped switch
            {
                "the page" => app.MapDevicePairingPage(),
                "the page in a group" => app.MapGroup(Group).MapDevicePairingPage(),
                "the host's own page" => app.MapGet("/pair/{what}", () => "own"),
                "the host's own page for every path" => app.MapFallback(() => "own"),
                "another page of the host's" => app.MapGet("/pair", () => "own"),
                _ => (IEndpointConventionBuilder)app.MapGroup(""),
            };
        });
        var warnings = host.Logs.GetSnapshot().Where(record => record.Id.Id == 50).Select(record => record.Message).ToArray();
        Assert.Equal(warns ? 1 : 0, warnings.Length);
        Assert.All(warnings, warning => Assert.StartsWith("No endpoint of this host is at '/pair/device', so the links that devices show lead nowhere", warning, StringComparison.Ordinal));
    }

    private static void Map(WebApplication app)
    {
        var group = app.MapGroup(Group);
        group.MapDevicesPage();
        group.MapDevicePairingPage();
        group.MapDeviceAuthorization();
    }

    private static Task<TestHost> StartAsync(Action<WebApplication> map, string? pathBase = null) => TestHost.StartAsync(pathBase: pathBase, mapFlow: map);
}

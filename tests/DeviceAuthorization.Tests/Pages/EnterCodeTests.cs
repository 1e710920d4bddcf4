using System.Net;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>A person enters a code and reviews the device (RFC 8628 §3.3, §5 and §6.1): rows P-21 to P-31 and P-51 to P-56c of the checklist.</summary>
public sealed class EnterCodeTests
{
    [Fact]
    [Trait("Row", "P-21"), Trait("Row", "P-23"), Trait("Row", "P-24"), Trait("Row", "P-25")]
    public async Task Typing_the_code_leads_to_a_question_and_only_the_button_approves()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var alice = await host.SignInAsync("alice");

        using var enter = await alice.GetAsync(Browser.Page);
        Assert.Contains("name=\"user_code\"", await enter.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        var review = await alice.ReviewAsync(codes.UserCode);
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        foreach (var part in (string[])["alice", "tv", "See your library", "value=\"deny\"", "value=\"approve\""])
        {
            Assert.Contains(part, review, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(codes.DeviceCode, review, StringComparison.Ordinal);
        using var result = await alice.PostDecisionAsync(review, "approve");
        Assert.Equal(HttpStatusCode.OK, result.StatusCode); // the answer redirects to no other site
        Assert.Contains("can connect now", await result.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await device.PollAsync(codes.DeviceCode)).StatusCode);
    }

    [Fact]
    [Trait("Row", "P-22")]
    public async Task Who_is_not_signed_in_signs_in_first_and_comes_back_with_the_code()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var browser = host.Browser();
        using var link = await browser.GetAsync($"{Browser.Page}?user_code={codes.UserCode}");
        using var page = await browser.GetAsync(link.Headers.Location);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
        Assert.Equal($"https://tv.example.com/login?ReturnUrl={Uri.EscapeDataString(Browser.Page)}", page.Headers.Location!.AbsoluteUri);
        (await browser.GetAsync("/test/sign-in/alice")).EnsureSuccessStatusCode();
        Assert.Contains($"value=\"{codes.UserCode}\"", await browser.GetStringAsync(Browser.Page), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Row", "P-30"), Trait("Row", "P-31")]
    public async Task The_complete_link_shows_the_code_asks_for_a_comparison_and_changes_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        var page = await (await host.SignInAsync("alice")).OpenLinkAsync(codes.Body.String("verification_uri_complete"));
        Assert.Contains($"value=\"{codes.UserCode}\"", page, StringComparison.Ordinal);
        Assert.Contains("Does your device show exactly this code?", page, StringComparison.Ordinal);

        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
        Assert.Contains("Approve this device?", await (await host.SignInAsync("bob")).ReviewAsync(codes.UserCode), StringComparison.Ordinal); // not claimed by alice
    }

    [Fact]
    [Trait("Outside", "socket")]
    [Trait("Row", "P-51"), Trait("Row", "P-52"), Trait("Row", "P-53"), Trait("Row", "T-32")]
    public async Task The_question_shows_what_is_known_of_the_device_and_that_it_is_unverified()
    {
        await using var host = await TestHost.StartAsync(kestrel: true);
        using var start = await host.Device().PostFormAsync(
            "init", ("client_id", "tv"), ("name", "Living room"), ("platform", "webOS"), ("client_version", "4.2"));
        var page = await (await host.SignInAsync("alice")).ReviewAsync(StartedCodes.From(await start.JsonAsync()).UserCode);
        foreach (var part in (string[])
            ["<bdi>Living room</bdi>", "unverified", "<bdi>tv</bdi>", "4.2", "webOS", "127.0.0.1", "on a device that you can see now"])
        {
            Assert.Contains(part, page, StringComparison.Ordinal);
        }
    }

    [Theory]
    [Trait("Row", "P-55"), Trait("Row", "T-04")]
    [InlineData(0, false)]
    [InlineData(120, true)]
    public async Task Who_typed_the_code_holds_it_for_two_minutes(int seconds, bool released)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        await (await host.SignInAsync("alice")).ReviewAsync(codes.UserCode);
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        using var bob = await (await host.SignInAsync("bob")).ApproveAsync(codes.UserCode);
        Assert.Equal(released ? HttpStatusCode.OK : HttpStatusCode.NotFound, bob.StatusCode);
    }

    [Theory]
    [Trait("Row", "P-56c"), Trait("Row", "T-14")]
    [InlineData("{0}-{1}", true)]
    [InlineData("{0}{1}", true)]
    [InlineData("{0} {1}", true)]
    [InlineData("  {0}{1}\t", true)]
    [InlineData("{0}\u2013{1}", true)]
    [InlineData("{0}_{1}.", true)]
    [InlineData("lower", true)]
    [InlineData("wide", true)]
    [InlineData("{0}", false)]
    [InlineData("{0}{1}B", false)]
    [InlineData("-", false)]
    public async Task Every_spelling_of_a_code_is_that_code_and_nothing_shorter_or_longer(string spelling, bool found)
    {
        await using var host = await TestHost.StartAsync();
        var code = (await host.Device().StartAsync()).UserCode;
        var typed = spelling switch
        {
            "lower" => code.ToLowerInvariant(),
            "wide" => new string([.. code.Select(c => (char)(c + 0xFEE0))]),
            _ => spelling.Replace("{0}", code[..4], StringComparison.Ordinal).Replace("{1}", code[5..], StringComparison.Ordinal),
        };
        var page = await (await host.SignInAsync("alice")).ReviewAsync(typed);
        Assert.Equal(found, page.Contains("Approve this device?", StringComparison.Ordinal));
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>A host that asks its visitors before it keeps cookies, and was not answered: only essential ones are kept.</summary>
public sealed class CookieConsentTests
{
    [Fact]
    public async Task Without_consent_a_device_is_paired_and_managed_on_the_pages()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services
                .Configure<CookiePolicyOptions>(policy => policy.CheckConsentNeeded = _ => true)
                .AddSingleton<IStartupFilter>(new BeforeRouting(app => app.UseCookiePolicy())),
            map: app =>
            {
                app.MapDevicesPage();
                app.MapGet("/test/cookie", (Microsoft.AspNetCore.Http.HttpContext context) => context.Response.Cookies.Append("own", "x"));
            });
        var alice = await host.SignInAsync("alice");
        using var own = await alice.GetAsync("/test/cookie");
        Assert.False(own.Headers.Contains("Set-Cookie")); // the policy is there

        var codes = await host.Device().StartAsync();
        Assert.Contains($"value=\"{codes.UserCode}\"", await alice.OpenLinkAsync(codes.Body.String("verification_uri_complete")), StringComparison.Ordinal);
        using var approved = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal("Device approved", await approved.TitleAsync());
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, poll.StatusCode);
        using var renamed = await alice.SendFormAsync("rename", name: "Kitchen");
        Assert.Contains("The name is saved.", await renamed.HtmlAsync(), StringComparison.Ordinal);
        using var language = await alice.PostPageAsync($"{Browser.Page}/language", ("language", "de"), ("back", Browser.Page));
        Assert.Contains("<html lang=\"de\"", await language.HtmlAsync(), StringComparison.Ordinal);
    }
}

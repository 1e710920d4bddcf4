using System.Net;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Tests;

/// <summary>A host whose people sign in at an OpenID Connect provider that runs.</summary>
public sealed class OpenIdConnectTests
{
    [Theory]
    [InlineData("OpenID Connect")]
    [InlineData("OpenID Connect, path base")]
    public async Task Who_left_the_host_and_is_still_signed_in_at_the_provider_comes_back_without_a_password(string kind)
    {
        await using var host = await HostKinds.StartAsync(
            kind, map: app => app.MapGet("/leave", () => Results.SignOut(authenticationSchemes: [CookieAuthenticationDefaults.AuthenticationScheme])));
        var browser = await host.SignInAsync("alice");
        (await browser.GetAsync("/leave")).EnsureSuccessStatusCode();
        using var signedOut = await browser.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Redirect, signedOut.StatusCode);
        var (page, passwords) = await browser.FollowAsync(signedOut, "bob"); // nobody asks who it is
        Assert.Equal((HttpStatusCode.OK, 0), (page.StatusCode, passwords));
        Assert.Contains("alice", await page.HtmlAsync(), StringComparison.Ordinal);
    }
}

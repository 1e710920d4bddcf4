using System.Net;
using System.Security.Claims;
using DeviceAuthorization.Hosting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.TestHost;

namespace DeviceAuthorization.Tests;

/// <summary>The host's own sign-in beside the one of devices: what worked without <c>AddDeviceToken()</c> works with it, in any order of the calls.</summary>
public sealed class HostsOnlySchemeTests
{
    public static TheoryData<string, bool> Hosts => new()
    {
        { "cookie", true }, { "cookie", false }, { "bearer", true }, { "bearer", false }, { "identity", true }, { "identity", false }, { "named", true }, { "named", false },
    };

    [Theory, MemberData(nameof(Hosts))]
    public async Task A_host_that_lets_people_in_still_does(string host, bool devicesFirst)
    {
        await using var app = await StartAsync(host, devicesFirst);
        using var client = app.GetTestClient();
        using var stranger = await client.GetAsync("/people");
        Assert.Equal(host == "bearer" ? HttpStatusCode.Unauthorized : HttpStatusCode.Redirect, stranger.StatusCode);
        if (host == "bearer")
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", TestProvider.Sign(new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = "alice" }));
        }
        else
        {
            using var signedIn = await client.GetAsync("/sign-in"); // by the default scheme for it
            client.DefaultRequestHeaders.Add("Cookie", Assert.Single(signedIn.Headers.GetValues("Set-Cookie")).Split(';')[0]);
        }

        using var person = await client.GetAsync("/people");
        Assert.Equal(HttpStatusCode.OK, person.StatusCode);
        using var device = await client.GetAsync("/devices");
        Assert.Equal(HttpStatusCode.Unauthorized, device.StatusCode);
    }

    [Fact]
    public async Task Several_schemes_of_the_host_are_no_default_as_without_devices()
    {
        await using var app = await StartAsync("cookie", devicesFirst: false, builder => builder.AddCookie("Other"));
        Assert.Null(await app.Services.GetRequiredService<IAuthenticationSchemeProvider>().GetDefaultAuthenticateSchemeAsync());
    }

    private static async Task<WebApplication> StartAsync(string host, bool devicesFirst, Action<AuthenticationBuilder>? more = null)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://tv.example.com"));
        builder.Services.AddRouting().AddAuthorization().AddDeviceAuthorization();
        TestAccounts.AddTo(builder.Services);
        if (devicesFirst)
        {
            builder.Services.AddAuthentication().AddDeviceToken();
        }

        var authentication = host == "named" ? builder.Services.AddAuthentication("Second") : builder.Services.AddAuthentication();
        _ = host switch
        {
            "cookie" => authentication.AddCookie(),
            "bearer" => authentication.AddTestBearer(),
            "named" => authentication.AddCookie("First").AddCookie("Second"),
            _ => builder.Services.AddIdentity<IdentityUser, IdentityRole>().Services.AddAuthentication(),
        };
        more?.Invoke(authentication);
        if (!devicesFirst)
        {
            builder.Services.AddAuthentication().AddDeviceToken();
        }

        var app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/people", () => "people").RequireAuthorization();
        app.MapGet("/devices", () => "devices").RequirePairedDevice();
        app.MapGet("/sign-in", (HttpContext context) => context.SignInAsync(
            host == "identity" ? IdentityConstants.ApplicationScheme : null, new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.Name, "alice")], "test"))));
        await app.StartAsync();
        return app;
    }
}

/// <summary>A switch of the process, which no other test may see.</summary>
[Collection(nameof(AutomaticDefaultTests))]
[CollectionDefinition(nameof(AutomaticDefaultTests), DisableParallelization = true)]
public sealed class AutomaticDefaultTests
{
    private const string Switch = "Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme";

    [Theory]
    [InlineData(true, null)]
    [InlineData(false, "Only")]
    public void A_host_that_wants_no_automatic_default_gets_none(bool isOff, string? expected)
    {
        var options = new AuthenticationOptions();
        options.AddScheme("Only", scheme => scheme.HandlerType = typeof(CookieAuthenticationHandler));
        AppContext.SetSwitch(Switch, isOff);
        try
        {
            new OnlySchemeAsDefault().PostConfigure(null, options);
        }
        finally
        {
            AppContext.SetSwitch(Switch, false);
        }

        Assert.Equal(expected, options.DefaultScheme);
    }
}

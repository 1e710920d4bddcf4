using System.Globalization;
using System.Net;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>Hosts with the code of docs/operations.md and docs/pages.md. <see cref="HostsDocumentTests"/> compares it with the documents.</summary>
public sealed class DocumentedHostTests
{
    [Fact]
    public async Task Behind_the_proxy_of_the_document_a_device_gets_the_address_that_people_open()
    {
        var keyFolder = Directory.CreateTempSubdirectory("keys-");
        try
        {
            await using var app = BuildBehindProxy(keyFolder.FullName);
            await app.StartAsync();
            foreach (var (proxy, status) in new[] { ("10.0.0.2", 200), ("172.18.3.4", 200), ("192.0.2.1", 400) }) // who the host does not trust cannot say "https"
            {
                var answer = await app.GetTestServer().SendAsync(context =>
                {
                    context.Connection.RemoteIpAddress = IPAddress.Parse(proxy);
                    (context.Request.Method, context.Request.Scheme, context.Request.Host, context.Request.Path) = ("POST", "http", new("tv.example.com"), "/app/api/auth/device/init");
                    context.Request.Headers["X-Forwarded-Proto"] = "https";
                    context.Request.Headers["X-Forwarded-For"] = "203.0.113.7";
                    context.Request.ContentType = "application/x-www-form-urlencoded";
                    context.Request.Body = new MemoryStream("client_id=tv"u8.ToArray());
                });
                var body = await new StreamReader(answer.Response.Body).ReadToEndAsync();
                Assert.True(status == answer.Response.StatusCode, $"{proxy}: {body}");
                Assert.Equal(status == 200, body.Contains("\"verification_uri\":\"https://tv.example.com/app/pair/device\"", StringComparison.Ordinal));
            }

            using var client = app.GetTestClient();
            Assert.Equal("Healthy", await client.GetStringAsync("/app/health/ready"));
        }
        finally
        {
            keyFolder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task An_account_in_danger_loses_its_tokens_and_then_its_devices()
    {
        await using var host = await TestHost.StartAsync();
        await host.PairAsync();
        var (firstSeen, lastSeen) = (TestHost.Epoch.AddHours(-1), TestHost.Epoch.AddHours(1));
        var userId = "alice";
        await using var scope = host.Services.CreateAsyncScope();
        var access = scope.ServiceProvider.GetRequiredService<DeviceAccess>();
        var revoked = await access.RevokeObtainedAsync(new ObtainedAccess
        {
            From = firstSeen,
            To = lastSeen,
            Network = System.Net.IPNetwork.Parse("203.0.113.0/24"), // or ClientId, or both
        });
        Assert.Empty(revoked); // a device without an address
        Assert.Single(await host.Services.GetRequiredService<IDeviceRepository>().ListAsync(userId, default));

        await access.SignOutEverywhereAsync(userId);     // a stolen password, a lost phone: revokes every token, keeps the devices
        await access.SignOutEverywhereAsync(userId, SignOutDevices.Remove);
        await access.RemoveUserAsync(userId);            // the account is deleted: removes devices and tokens
        Assert.Empty(await host.Services.GetRequiredService<IDeviceRepository>().ListAsync(userId, default));
    }

    [Fact]
    public async Task The_pages_of_the_document_have_its_name_colour_words_and_layout_and_the_television_shows_its_code()
    {
        await using var app = BuildWithOwnPages();
        await app.StartAsync();
        using var client = app.GetTestClient();
        client.BaseAddress = new("https://tv.example.com");
        using var answer = await client.GetAsync("/pair/device");
        var page = await answer.Content.ReadAsStringAsync();
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode); // nobody is signed in, and the host has no sign-in page
        Assert.Contains("<title>Sign in on this site – Cartridge</title>", page, StringComparison.Ordinal);
        Assert.Contains("--accent: #5b2bbf", page, StringComparison.Ordinal);

        using var television = await client.PostAsync("/tv", null);
        var html = await television.Content.ReadAsStringAsync();
        Assert.StartsWith("<svg", html, StringComparison.Ordinal);
        Assert.Matches("<p>[A-Z]{4}-[A-Z]{4}</p>$", html);
    }

    private static WebApplication BuildBehindProxy(string keyFolder)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddDeviceAuthorization(options => options.PublicOrigin = new("https://tv.example.com"));
        builder.Services.AddAuthentication().AddCookie().AddDeviceToken();
        builder.Services.AddHealthChecks().AddDeviceAuthorization();
        builder.Services.AddDataProtection()
            .SetApplicationName("library")                // the same on every node, in any folder
            .PersistKeysToFileSystem(new(keyFolder));     // or a database, Redis, a vault: all nodes must find them, backups too
        builder.Services.Configure<ForwardedHeadersOptions>(options =>
        {
            options.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto;
            options.KnownProxies.Add(IPAddress.Parse("10.0.0.2"));              // one proxy
            options.KnownIPNetworks.Add(System.Net.IPNetwork.Parse("172.18.0.0/16")); // or a network of proxies
        });

        var app = builder.Build();
        app.UseForwardedHeaders();   // 1. the real address and scheme
        app.UsePathBase("/app");     // 2. only below a path base
        app.UseRouting();            // 3. after the path base is taken off the path
        app.UseAuthentication();     // 4. sees the real scheme
        app.UseAuthorization();
        app.MapDeviceAuthorization();
        app.MapDevicePairingPage();
        app.MapHealthChecks("/health/ready", new() { Predicate = check => check.Tags.Contains("ready") });
        return app;
    }

    private static WebApplication BuildWithOwnPages()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseTestServer();
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.Page.ProductName = "Cartridge";
            options.Page.LogoPath = "/logo.svg";      // on this host
            options.Page.AccentColor = "#5b2bbf";     // the label on it is black or white, whichever is legible
            options.Page.ChangingScopes = ["saves.write"]; // marked in the review; by default those with write, delete, admin or manage in them
        });
        builder.Services.AddSingleton<IPageTexts, MyTexts>();   // single words, in any language; null keeps ours
        builder.Services.AddSingleton<IPageLayout, MyLayout>(); // the document around them
        builder.Services.Configure<DeviceAuthorizationOptions>(options =>
        {
            options.PublicOrigin = new("https://tv.example.com");
            options.Clients["com.example.tv"] = new() { DisplayName = "Cartridge TV", LogoPath = "/apps/tv.svg" };
            options.NumberMatching = NumberMatching.Always;    // WhenRisky by default: when the built-in rule or AssessAsync says MatchNumber
            options.NumberMatching = NumberMatching.Off;
        });
        builder.Services.AddAuthentication().AddBearerToken().AddDeviceToken(); // without a sign-in page
        builder.Services.AddAuthorization();

        var app = builder.Build();
        app.MapDeviceAuthorization();
        app.MapDevicePairingPage();
        app.MapPost("/tv", async (HttpContext context, DeviceFlow flow) => // not by GET: crawlers and previews open links
        {
            var asked = await flow.StartAsync(new() { ClientId = "tv", Device = new() { Name = "Living room TV" } });
            if (asked is not StartResult.Started started)
            {
                return Results.StatusCode(503); // it may not start, or the store is full
            }

            // keep started.DeviceCode on the server: DeviceFlow.PollAsync takes it
            var picture = started.AllowsLink ? PairingQrCode.Of(context.Request, started.UserCode).ToSvg("QR code of the link") : "";
            return Results.Content($"{picture}<p>{started.UserCode.RevealGrouped()}</p>", "text/html");
        });
        return app;
    }

    private sealed class MyTexts : IPageTexts
    {
        public string? Find(string key, CultureInfo culture) => key == "Sign_in_first_title" ? "Sign in on this site" : null;
    }

    private sealed class MyLayout : IPageLayout
    {
        public IHtmlContent Render(PageContent page) => new HtmlContentBuilder()
            .AppendHtml("<!DOCTYPE html><html><head><title>").Append(page.Title).AppendHtml("</title>").AppendHtml(page.Style)
            .AppendHtml("</head><body>").AppendHtml(page.Main).AppendHtml("</body></html>");
    }
}

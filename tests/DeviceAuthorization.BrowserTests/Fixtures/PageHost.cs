using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.BrowserTests;

/// <summary>
/// A host on a real port, whose clock only the test moves: an ordinary sign-in, three scopes, a name and a colour of its own. The test
/// itself is the device.
/// </summary>
internal sealed class PageHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly HttpClient _device;

    private PageHost(WebApplication app, FakeTimeProvider clock)
    {
        (_app, Clock) = (app, clock);
        _device = new HttpClient { BaseAddress = new Uri(Address) };
    }

    public FakeTimeProvider Clock { get; }

    public string Address => _app.Urls.Single();

    public string Page => Address + "/pair/device";

    public string Devices => Address + "/pair/devices";

    /// <param name="risk">What the host makes of every approval.</param>
    /// <param name="registered">What it has registered of the app that asks; null for nothing.</param>
    /// <param name="numbers">Whether a number is to be compared.</param>
    /// <param name="signsInElsewhere">Whether its sign-in is on another origin, as that of an identity provider.</param>
    public static async Task<PageHost> StartAsync(ApprovalRisk risk = ApprovalRisk.None, DeviceClient? registered = null, NumberMatching numbers = NumberMatching.Off, bool signsInElsewhere = false)
    {
        var clock = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Development" });
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddRouting();
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IPairingPolicy>(new Policy(risk));
        builder.Services.AddAuthentication(CookieAuthenticationDefaults.AuthenticationScheme)
            .AddCookie(options =>
            {
                options.LoginPath = "/sign-in";
                options.TimeProvider = clock;
                if (signsInElsewhere)
                {
                    options.Events.OnRedirectToLogin = context =>
                    {
                        context.Response.Redirect(context.RedirectUri.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));
                        return Task.CompletedTask;
                    };
                }
            })
            .AddDeviceToken();
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.Scopes.Add("games.read", "See your games and saves");
            options.Scopes.Add("saves.write", "Upload and change your saves");
            options.Scopes.Add("users.admin", "Manage other people's accounts");
            options.Page.ProductName = "Cartridge";
            options.Page.AccentColor = "#5b2bbf";
            options.NumberMatching = numbers;
            options.RateLimits.Enabled = false;
            if (registered is not null)
            {
                options.Clients["Cartridge TV"] = registered;
            }
        });

        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDeviceAuthorization();
        app.MapDevicePairingPage();
        app.MapDevicesPage();
        app.MapDevices();
        app.MapGet("/sign-in", (string returnUrl) => Results.Content(
            $"""<!DOCTYPE html><html lang="en"><title>Sign in</title><form method="post" action="/sign-in?returnUrl={Uri.EscapeDataString(returnUrl)}"><label>Name <input name="user"></label><button>Sign in</button></form>""",
            "text/html"));
        app.MapPost("/sign-in", async (HttpContext context, string returnUrl) => Results.SignIn(
            new ClaimsPrincipal(new ClaimsIdentity(
                [new(ClaimTypes.NameIdentifier, context.Request.Form["user"]!), new(ClaimTypes.Name, context.Request.Form["user"]!)], "password")),
            new() { RedirectUri = returnUrl },
            CookieAuthenticationDefaults.AuthenticationScheme));
        app.MapGet("/api/whoami", (PairedDevice device) => Results.Json(new { device = device.Name })).RequireScope("games.read");
        app.MapGet("/tv.svg", () => Results.Content("""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 2 1" width="32" height="16"><path d="M0 0h2v1H0z"/></svg>""", "image/svg+xml"));
        app.MapGet("/api/games", () => "games").RequireScope("games.read");
        await app.StartAsync();
        return new PageHost(app, clock);
    }

    /// <summary>The device asks for a code.</summary>
    public async Task<Codes> StartPairingAsync(string identifier = "0c1d57a9", string name = "Living room TV", string[]? scopes = null, string platform = "tvOS 20")
    {
        using var answer = await _device.PostAsJsonAsync("/api/auth/device/init", new
        {
            client_device_identifier = identifier,
            name,
            client = "Cartridge TV",
            client_version = "2.4.1",
            platform,
            requested_scopes = scopes ?? ["games.read", "saves.write", "users.admin"],
            number_matching = true,
        });
        answer.EnsureSuccessStatusCode();
        var body = await answer.Content.ReadFromJsonAsync<JsonElement>();
        return new Codes(
            body.GetProperty("device_code").GetString()!, body.GetProperty("user_code").GetString()!, body.GetProperty("verification_uri_complete").GetString()!);
    }

    /// <summary>The device asks how it stands.</summary>
    public async Task<JsonElement> PollAsync(Codes codes)
    {
        using var answer = await _device.PostAsJsonAsync("/api/auth/device/token", new { device_code = codes.DeviceCode });
        return await answer.Content.ReadFromJsonAsync<JsonElement>();
    }

    /// <summary>The error that the device is answered.</summary>
    public async Task<string?> ErrorAsync(Codes codes) => (await PollAsync(codes)).TryGetProperty("error", out var error) ? error.GetString() : null;

    /// <summary>What the host knows the device as that has this token.</summary>
    public async Task<string?> NameAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/whoami") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await _device.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("device").GetString();
    }

    /// <summary>What an API of the host answers that does not ask for a device; it needs the scope games.read.</summary>
    public async Task<HttpStatusCode> CallAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/games") { Headers = { Authorization = new("Bearer", token) } };
        using var answer = await _device.SendAsync(request);
        return answer.StatusCode;
    }

    public async ValueTask DisposeAsync()
    {
        _device.Dispose();
        await _app.DisposeAsync();
    }

    /// <param name="DeviceCode">What the device polls with.</param>
    /// <param name="UserCode">What it shows.</param>
    /// <param name="Link">What its QR code holds.</param>
    internal sealed record Codes(string DeviceCode, string UserCode, string Link)
    {
        public string Shown => $"{UserCode[..4]}-{UserCode[4..]}";
    }

    /// <summary>Nobody here may manage accounts.</summary>
    private sealed class Policy(ApprovalRisk risk) : IPairingPolicy
    {
        public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
            ValueTask.FromResult(scopes.Where(scope => scope != "users.admin"));

        public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(risk);
    }
}

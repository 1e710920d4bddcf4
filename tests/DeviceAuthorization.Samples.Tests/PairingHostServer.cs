using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sample as it runs, with a clock that stands still.</summary>
/// <param name="settings">As on its command line. Without any, it has a SQLite file of its own.</param>
internal sealed class PairingHostServer(params (string Name, string Value)[] settings) : WebApplicationFactory<Program>
{
    public const string Auth = "/api/auth/device";

    public static readonly string[] AllScopes =
    [
        "me.read", "me.write", "devices.read", "devices.write", "assets.read", "assets.write", "platforms.read", "roms.read", "roms.user.read", "roms.user.write", "firmware.write",
    ];

    private readonly OpenRequests _requests = new();
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("pairing-host-");

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 11, 23, 12, 0, 0, TimeSpan.Zero));

    /// <summary>A script that calls with a user's password.</summary>
    public HttpClient Basic(string user) => WithAuthorization("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(user + ":demo")));

    public HttpClient Bearer(string token) => WithAuthorization("Bearer", token);

    /// <summary>A user approves all that is asked for; the answer.</summary>
    public async Task<JsonElement> ApproveAsync(string userCode, string user = "alice", string? deviceName = null, string? expiresIn = null)
    {
        var approver = Basic(user);
        var pending = await approver.CallAsync("GET", $"{Auth}/pending/{userCode}");
        var answer = await approver.CallAsync("POST", $"{Auth}/approve", JsonSerializer.Serialize(new
        {
            user_code = userCode,
            approved_scopes = pending.Body.Strings("allowed_scopes"),
            device_name = deviceName,
            expires_in = expiresIn,
        }));
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body;
    }

    /// <summary>Pairs a device of its own for each identifier; a client with its token, and its id.</summary>
    public async Task<(HttpClient Client, string Id)> PairAsync(string user = "alice", string identifier = "story-1", params string[] scopes)
    {
        var device = CreateClient();
        var init = await device.CallAsync("POST", $"{Auth}/init", JsonSerializer.Serialize(new
        {
            client_device_identifier = identifier,
            name = "Handheld",
            client = "grout",
            platform = "muOS",
            client_version = "1.2.3",
            requested_scopes = scopes is [] ? AllScopes : scopes,
        }));
        Assert.Equal(HttpStatusCode.Created, init.Status);
        await ApproveAsync(init.Body.String("user_code")!, user);
        var paired = (await device.CallAsync("POST", $"{Auth}/token", JsonSerializer.Serialize(new { device_code = init.Body.String("device_code") }))).Body;
        return (Bearer(paired.String("access_token")!), paired.String("device_id")!);
    }

    /// <summary>A client with a token that alice made by hand.</summary>
    public async Task<HttpClient> UnboundAsync(params string[] scopes)
    {
        var made = await Basic("alice").CallAsync("POST", "/api/client-tokens", JsonSerializer.Serialize(new { name = "Script", scopes = scopes is [] ? AllScopes : scopes }));
        return Bearer(made.Body.String("raw_token")!);
    }

    public override async ValueTask DisposeAsync()
    {
        await _requests.EndAsync();
        await base.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseEnvironment("Development").ConfigureTestServices(services =>
        {
            services.AddSingleton<TimeProvider>(Clock);
            services.AddSingleton<IStartupFilter>(_requests);
        });
        var file = Path.Combine(_folder.FullName, "pairing-host.db");
        foreach (var (name, value) in settings is [] ? [("ConnectionStrings:Sqlite", $"Data Source={file};Pooling=False")] : settings)
        {
            builder.UseSetting(name, value);
        }
    }

    private HttpClient WithAuthorization(string scheme, string parameter)
    {
        var client = CreateClient(new() { AllowAutoRedirect = false });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, parameter);
        return client;
    }
}

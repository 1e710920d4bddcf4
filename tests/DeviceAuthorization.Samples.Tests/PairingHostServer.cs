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

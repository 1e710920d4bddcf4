extern alias PairingHost;

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.Tests.Devices;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sample as it runs, with a clock that stands still.</summary>
/// <param name="database">The SQLite file that it keeps everything in; in memory without one.</param>
internal sealed class PairingHostServer(string? database = null) : WebApplicationFactory<PairingHost::Program>
{
    public const string Auth = "/api/auth/device";

    public FakeTimeProvider Clock { get; } = new(TestHost.Epoch);

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

    protected override void ConfigureWebHost(IWebHostBuilder builder) => builder
        .UseEnvironment("Development")
        .UseSetting("Stores", database is null ? "memory" : "sqlite")
        .UseSetting("ConnectionStrings:Sqlite", $"Data Source={database};Pooling=False")
        .ConfigureTestServices(services => services.AddSingleton<TimeProvider>(Clock));

    private HttpClient WithAuthorization(string scheme, string parameter)
    {
        var client = CreateClient(new() { AllowAutoRedirect = false });
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(scheme, parameter);
        return client;
    }
}

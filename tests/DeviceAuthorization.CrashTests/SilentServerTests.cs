using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// PostgreSQL is away, or takes connections and answers nothing, while the host has the provider's own retries, which take almost a minute. Every endpoint
/// answers within <c>StoreTimeout</c>. When the server is back, a device pairs within three seconds.
/// </summary>
[Collection(nameof(PostgresStores))]
public sealed class SilentServerTests(PostgresStores stores)
{
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(3);

    /// <summary>What a busy machine needs beyond the bound, which is far below the provider's retries.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(3);

    [Fact]
    public Task With_PostgreSQL_away_every_endpoint_answers_in_time_and_all_is_well_soon_after() =>
        SurviveAsync(stores.Postgres.KillAsync, stores.Postgres.StartAsync);

    [Fact]
    public Task With_a_PostgreSQL_that_hangs_every_endpoint_answers_in_time_and_all_is_well_soon_after() =>
        SurviveAsync(stores.Postgres.FreezeAsync, stores.Postgres.ThawAsync);

    /// <summary>Identity is asked first by most calls of people. It takes no cancellation from us, and its context retries, too.</summary>
    [Fact]
    public async Task With_the_accounts_in_a_PostgreSQL_that_hangs_every_endpoint_answers_in_time_and_all_is_well_soon_after()
    {
        await stores.CreateAccountsAsync("alice");
        await SurviveAsync(stores.Postgres.FreezeAsync, stores.Postgres.ThawAsync, "--Accounts=identity");
    }

    private async Task SurviveAsync(Func<Task> stop, Func<Task> start, params string[] settings)
    {
        await using var host = await stores.StartHostAsync(["--Retries=default", $"--DeviceAuthorization:StoreTimeout={Bound}", .. settings]);
        var (token, open) = (await PairAsync(host.Client, "first"), await host.Client.Device("tv").StartAsync());
        var page = await FormAsync(host.Client);
        (string Call, HttpContent? Body, string? Token)[] calls =
        [
            ("POST /api/auth/device/init", Form(("client_id", "tv")), null),
            ("POST /api/auth/device/token", Form(("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", open.DeviceCode), ("client_id", "tv")), null),
            ("POST /api/auth/device/token", Json($$"""{ "device_code": "{{open.DeviceCode}}" }"""), null),
            ("POST /api/auth/device/revoke", Form(("token", token), ("client_id", "tv")), null),
            ($"GET /api/auth/device/pending/{open.UserCode}", null, null),
            ("POST /api/auth/device/approve", Json($$"""{ "user_code": "{{open.UserCode}}", "approved_scopes": ["library.read"] }"""), null),
            ("POST /api/auth/device/deny", Json($$"""{ "user_code": "{{open.UserCode}}" }"""), null),
            ("GET /api/devices", null, null),
            ("GET /api/devices", null, token),
            ("POST /api/devices", Json("""{ "name": "TV" }"""), null),
            ("GET /api/devices/1", null, null),
            ("PATCH /api/devices/1", Json("""{ "name": "TV" }"""), null),
            ("DELETE /api/devices/1", null, null),
            ("GET /api/client-tokens", null, null),
            ("POST /api/client-tokens", Json("""{ "name": "Script", "scopes": ["library.read"], "expires_in": "30d" }"""), null),
            ("POST /api/client-tokens/revoke-all", null, null),
            ("POST /pair/device", Form(("user_code", open.UserCode), ("__RequestVerificationToken", page.Token)), null),
            ("GET /pair/devices", null, null),
            ("GET /api/library", null, token), // the host's own endpoint
        ];

        await stop();
        (string Call, HttpStatusCode StatusCode, bool RetryAfter, TimeSpan Time)[] answers;
        try
        {
            answers = await Task.WhenAll(calls.Select(async call =>
            {
                var started = Stopwatch.GetTimestamp();
                using var request = Request(call.Call, call.Token, page.Cookie);
                request.Content = call.Body;
                using var answer = await host.Client.SendAsync(request);
                return (call.Call, answer.StatusCode, answer.Headers.RetryAfter is not null, Stopwatch.GetElapsedTime(started));
            }));
        }
        finally
        {
            await start(); // a server that stays frozen outlives the tests
        }

        var back = Stopwatch.GetTimestamp();
        await host.Client.UseAsync(await PairAsync(host.Client, "second")); // the first may be revoked: a server that hung may still do what it was asked
        Assert.InRange(Stopwatch.GetElapsedTime(back), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        Assert.All(answers, answer => Assert.Equal((answer.Call, HttpStatusCode.ServiceUnavailable, true), (answer.Call, answer.StatusCode, answer.RetryAfter)));
        Assert.All(answers, answer => Assert.InRange(answer.Time, TimeSpan.Zero, Bound + Margin));
        Assert.Contains("fails. Requests that need it are answered 503", host.ToString(), StringComparison.Ordinal);
    }

    private static async Task<string> PairAsync(HttpClient host, string identifier)
    {
        var device = host.Device(identifier);
        var codes = await Flow.UntilAnsweredAsync(() => device.StartAsync()); // the first request of a host on a busy machine may take longer than the bound
        Assert.IsType<ApproverAnswer.Approved>(await Flow.UntilAnsweredAsync(() => host.ApproveAsync("alice", codes)));
        return Assert.IsType<DeviceAnswer.Paired>(await Flow.UntilAnsweredAsync(() => device.PollAsync(codes))).AccessToken;
    }

    /// <summary>What a browser has once it opened the page.</summary>
    private static async Task<(string Token, string Cookie)> FormAsync(HttpClient host)
    {
        using var request = Request("GET /pair/device", null, null);
        using var answer = await host.SendAsync(request);
        var html = await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
        return (
            Regex.Match(html, "name=\"__RequestVerificationToken\"[^>]*value=\"([^\"]+)\"").Groups[1].Value,
            string.Join("; ", answer.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0])));
    }

    /// <summary>Of the holder of a token, or else of a signed-in person.</summary>
    private static HttpRequestMessage Request(string call, string? token, string? cookie)
    {
        var request = new HttpRequestMessage(new HttpMethod(call.Split(' ')[0]), call.Split(' ')[1]);
        if (token is null)
        {
            request.Headers.Add(FakeApproverDefaults.UserHeader, "alice");
        }
        else
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        if (cookie is not null)
        {
            request.Headers.Add("Cookie", cookie);
        }

        return request;
    }

    private static FormUrlEncodedContent Form(params (string Name, string Value)[] fields) => new(fields.Select(field => KeyValuePair.Create(field.Name, field.Value)));

    private static StringContent Json(string text) => new(text, null, "application/json");
}

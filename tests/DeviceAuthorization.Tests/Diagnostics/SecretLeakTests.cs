using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Device codes, tokens and idempotency keys are in no log record and no stored value, user codes in none of ours: threats T-01,
/// T-25 and T-26, row P-73. The flow runs in both dialects, by JSON and on the page, with errors, a replay and an outage.
/// </summary>
public sealed class SecretLeakTests
{
    private const string Key = "q7Jx0vT2mZ/pL9sKd4WbY==";

    [Fact]
    public async Task No_log_record_holds_a_secret()
    {
        var run = await RunAsync();
        Assert.NotEmpty(run.Records);
        Assert.Contains(run.Records, record => record.Id.Name == "PairingRedeemed");
        Assert.Contains(run.Records, record => record.Id.Name == "TokenRevoked");
        Assert.Contains(run.Records, record => record.Id.Name == "StoreFailing");
        Assert.Contains(run.Records, record => Texts(record).Any(text => run.Short.FindIn(text) is not null)); // the search finds what is there
        foreach (var record in run.Records)
        {
            var ours = record.Category!.StartsWith("DeviceAuthorization", StringComparison.Ordinal);
            foreach (var text in Texts(record).Select(text => ours ? text : WithoutAddresses(text, run.UserCodes)))
            {
                Assert.True(run.Secrets.FindIn(text) is null && run.Short.FindIn(text) is null,
                    $"{record.Category} {record.Id}: {run.Secrets.FindIn(text) ?? run.Short.FindIn(text)} in: {text}");
            }
        }
    }

    [Fact]
    [Trait("Row", "P-73"), Trait("Row", "T-01")]
    public async Task No_store_gets_a_secret()
    {
        var run = await RunAsync();
        Assert.True(run.Stored.Count > 20);
        Assert.Contains(run.Stored, stored => stored is AttemptBudget { Key: "code:alice" });
        foreach (var stored in run.Stored.Select(value => JsonSerializer.Serialize(value)))
        {
            Assert.True(run.Secrets.FindIn(stored) is null && run.Short.FindIn(stored) is null,
                $"{run.Secrets.FindIn(stored) ?? run.Short.FindIn(stored)} in: {stored}");
        }
    }

    /// <summary>
    /// ASP.NET Core records the address of each request. RomM's dialect puts the user code into the path, and the link that a
    /// person opens has it in the query; both are fixed by the protocols, so the code is in the framework's records there,
    /// and nowhere else. Hosts that keep such records are told so.
    /// </summary>
    private static string WithoutAddresses(string text, IEnumerable<string> userCodes) => userCodes.Aggregate(text, (rest, code) => rest
        .Replace($"/pending/{code}", "", StringComparison.Ordinal)
        .Replace($"?user_code={code}", "", StringComparison.Ordinal)
        .Replace($"%3Fuser_code%3D{code}", "", StringComparison.Ordinal));

    private static IEnumerable<string> Texts(FakeLogRecord record) =>
    [
        record.Message,
        $"{record.Exception}",
        .. (record.StructuredState ?? []).Select(pair => $"{pair.Key}={pair.Value}"),
        .. record.Scopes.SelectMany(Scope),
    ];

    private static IEnumerable<string> Scope(object? scope) =>
        [$"{scope}", .. scope is IEnumerable<KeyValuePair<string, object?>> pairs ? pairs.Select(pair => $"{pair.Key}={pair.Value}") : []];

    private static async Task<Run> RunAsync()
    {
        var (store, limiter) = (new ProbingPairingStore(), new RecordingLimiter());
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true, services =>
        {
            store.Use(services);
            services.AddSingleton<IAttemptLimiter>(limiter);
        });
        var run = new Run();
        var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
        device.DefaultRequestHeaders.Add("Idempotency-Key", Key);
        run.Secrets.Add("Idempotency-Key", Key);

        // Approved on the page, through the link; polled too soon, redeemed, delivered again, used, replayed.
        var page = run.Note(await device.StartAsync());
        (await host.Device().GetAsync(page.Body.GetProperty("verification_uri_complete").GetString())).Dispose();
        (await alice.GetAsync(page.Body.GetProperty("verification_uri_complete").GetString())).Dispose();
        await device.PollAsync(page.DeviceCode);
        await device.PollAsync(page.DeviceCode);
        await device.PollAsync(page.DeviceCode, "other");
        (await alice.DecideOnPageAsync(page.UserCode, "approve")).EnsureSuccessStatusCode();
        await run.UseAsync(host, await device.PollAsync(page.DeviceCode));
        await device.PollAsync(page.DeviceCode);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await device.PollAsync(page.DeviceCode);

        // RomM's dialect, approved by JSON; an outage while redeeming.
        var json = run.Note(await device.StartJsonAsync());
        (await alice.GetAsync($"{Wire.Prefix}/pending/{json.UserCode}")).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(json.UserCode)).EnsureSuccessStatusCode();
        store.Broken.UnionWith([nameof(IPairingStore.TryReplaceAsync), nameof(IPairingStore.TryAddAsync), nameof(IPairingStore.FindByUserCodeAsync)]);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await device.PollJsonAsync(json.DeviceCode)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await alice.DenyAsync(json.UserCode)).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await device.PostFormAsync("init", ("client_id", "tv"))).StatusCode);
        store.Broken.Clear();
        await run.UseAsync(host, await device.PollJsonAsync(json.DeviceCode));
        await device.PollJsonAsync(json.DeviceCode);

        // Denied, expired, malformed.
        var denied = run.Note(await device.StartAsync());
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        await device.PollAsync(denied.DeviceCode);
        var expired = run.Note(await device.StartAsync());
        await device.PostRawAsync("token", $"device_code={expired.DeviceCode}&device_code={expired.DeviceCode}");
        await device.PostRawAsync("token", $"{{\"device_code\":\"{expired.DeviceCode}\"", "application/json");
        await device.PostRawAsync("token", $"device_code={expired.DeviceCode}", "text/plain");
        await alice.PostRawAsync("approve", $"{{\"user_code\":\"{expired.UserCode}\"", "application/json");
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await device.PollAsync(expired.DeviceCode);
        await alice.ApproveAsync(expired.UserCode);

        run.Records.AddRange(host.Logs.GetSnapshot());
        run.Stored.AddRange([.. store.Seen, .. limiter.Asked]);
        return run;
    }

    private sealed class Run
    {
        /// <summary>Device codes, tokens and keys: nobody may record them.</summary>
        public KnownSecrets Secrets { get; } = new();

        /// <summary>User codes.</summary>
        public KnownSecrets Short { get; } = new();

        public List<string> UserCodes { get; } = [];

        public List<FakeLogRecord> Records { get; } = [];

        public List<object?> Stored { get; } = [];

        public StartedCodes Note(StartedCodes codes)
        {
            Secrets.Add("device code", codes.DeviceCode);
            var plain = codes.UserCode.Replace("-", "", StringComparison.Ordinal);
            foreach (var form in (string[])[plain, $"{plain[..4]}-{plain[4..]}"])
            {
                Short.Add("user code", form);
                UserCodes.Add(form);
            }

            return codes;
        }

        /// <summary>Calls the API with the token of an answer.</summary>
        public async Task UseAsync(TestHost host, HttpResponseMessage paired)
        {
            var token = (await paired.JsonAsync()).GetProperty("access_token").GetString()!;
            Secrets.Add("token", token);
            (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
            Assert.Equal(HttpStatusCode.Forbidden, (await host.WithToken(token).GetAsync("/api/admin")).StatusCode);
            Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token + "x").GetAsync("/api/library")).StatusCode);
        }
    }
}

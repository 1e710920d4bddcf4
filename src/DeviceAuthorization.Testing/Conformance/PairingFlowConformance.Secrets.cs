using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Threat T-01: someone who gets the store, a backup, a log or a trace gets no code and no token.</summary>
public abstract partial class PairingFlowConformance
{
    /// <summary>
    /// All text that a thief of the server's memory and files finds. Empty for stores without a server: the tests then see only what the store
    /// returns.
    /// </summary>
    protected virtual Task<string> DumpAsync() => Task.FromResult("");

    // Peers: raw codes in no table, cache key, log line or metric. ADV-35, ADV-36: a token parked until it is fetched, a code as a cache key.
    [Fact]
    public async Task No_step_leaves_a_secret_in_a_store_a_log_a_trace_or_a_metric()
    {
        using var telemetry = new Telemetry();
        var secrets = new KnownSecrets();
        var node = await StartAsync(options => options.RateLimits = new() { StartsPerMinute = 1000 });
        var (logs, traces, metrics) = (0, 0, 0);
        var all = new List<DeviceCodes>();
        var (key, clientSecret) = (Note("idempotency key", RandomText()), Note("client secret", RandomText()));
        var (device, alice) = (node.Device(key, name: "Telly of the test", identifier: "tv-1"), node.Approver("alice"));

        DeviceCodes paired = await StartDeviceAsync(), open = await StartDeviceAsync(), denied = await StartDeviceAsync();
        await CheckAsync("start");
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(paired));
        Assert.IsType<DeviceAnswer.SlowDown>(await device.PollAsync(paired));
        await node.Device(key, "radio").PollAsync(paired);
        await SendSecretAsync(paired);
        await CheckAsync("poll");
        Assert.IsType<ApproverResult.Review>(await node.ClaimAsync(paired.UserCode, "alice"));
        await CheckAsync("claim");
        Assert.IsType<ApproverAnswer.Approved>(await alice.ApproveAsync(paired.UserCode, Read));
        await CheckAsync("approve");
        Assert.Empty(await node.LiveTokensAsync("alice")); // T-02: no token exists before it is fetched
        node.Devices.FailAfter(nameof(IDeviceRepository.TryIssueTokenAsync));
        Assert.IsType<DeviceAnswer.Unavailable>(await device.PollAsync(paired));
        var token = Note("token", Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(paired)).AccessToken);
        await CheckAsync("redeem");
        Assert.Equal(token, Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(paired)).AccessToken);
        await CheckAsync("redeem again");
        Assert.Equal("alice", await node.WhoAsync(token));
        Assert.Null(await node.WhoAsync(token[..^1]));
        await CheckAsync("use");
        Assert.IsType<ApproverAnswer.Denied>(await alice.DenyAsync(denied.UserCode));
        Assert.IsType<DeviceAnswer.Denied>(await device.PollAsync(denied));
        await CheckAsync("deny");
        Advance(Pairing.RedeliveryWindow);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await device.PollAsync(paired));
        Assert.Null(await node.WhoAsync(token));
        await CheckAsync("replay");
        Advance(Lifetime);
        Assert.IsType<DeviceAnswer.Expired>(await device.PollAsync(open));
        await CheckAsync("expire");
        await node.RemoveExpiredAsync(node.Clock.GetUtcNow());
        await CheckAsync("clean up");

        string Note(string kind, string secret)
        {
            secrets.Add(kind, secret);
            return secret;
        }

        async Task<DeviceCodes> StartDeviceAsync()
        {
            var codes = await device.StartAsync();
            Note("device code", codes.DeviceCode);
            Note("user code", codes.UserCode);
            Note("user code", codes.UserCode.Replace("-", "", StringComparison.Ordinal));
            all.Add(codes);
            return codes;
        }

        async Task SendSecretAsync(DeviceCodes codes)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/device/token")
            {
                Content = new StringContent($"device_code={codes.DeviceCode}&client_id=tv&client_secret={Uri.EscapeDataString(clientSecret)}", Encoding.UTF8, "application/x-www-form-urlencoded"),
                Headers = { Authorization = new AuthenticationHeaderValue("Basic", Note("client secret", Convert.ToBase64String(Encoding.UTF8.GetBytes($"tv:{clientSecret}")))) },
            };
            using var refused = await node.Http.SendAsync(request);
            Assert.False(refused.IsSuccessStatusCode);
        }

        async Task CheckAsync(string step)
        {
            var dump = await DumpAsync();
            Assert.True(dump.Length == 0 || step == "clean up" || dump.Contains("Telly of the test", StringComparison.Ordinal), $"{step}: the dump does not show the store.");
            AssertNone(step, "store", [dump, JsonSerializer.Serialize(await node.DevicesAsync("alice")), JsonSerializer.Serialize(await node.LiveTokensAsync("alice"))]);
            foreach (var codes in all)
            {
                AssertNone(step, "store", [JsonSerializer.Serialize(await node.FindAsync(codes.UserCode))]);
            }

            logs += AssertNone(step, "log", node.Logs.Lines.Skip(logs));
            traces += AssertNone(step, "trace", telemetry.Traces.Skip(traces));
            metrics += AssertNone(step, "metric", telemetry.Metrics.Skip(metrics));
            Assert.True(logs > 0 && traces > 0 && metrics > 0);
        }

        int AssertNone(string step, string place, IEnumerable<string> texts)
        {
            var looked = texts.ToArray();
            Assert.All(looked, text => Assert.True(secrets.FindIn(text) is null, $"After {step} a {place} holds {secrets.FindIn(text)}: {(text.Length < 2000 ? text : "")}"));
            return looked.Length;
        }
    }

    /// <summary>With what an encoding changes.</summary>
    private static string RandomText() => RandomNumberGenerator.GetString("ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz23456789", 20) + "/+=~";
}

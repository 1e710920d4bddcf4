using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Every body of the JSON dialect, letter by letter: clients in the field parse these.</summary>
public sealed class JsonSnapshotTests
{
    [Fact]
    public async Task Started()
    {
        await using var host = await TestHost.StartAsync();
        await Verifier.VerifyJson((await host.Device().StartJsonAsync()).Body);
    }

    [Fact]
    public async Task Pending()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(scopes: ["profile", "library.read"]);
        using var answer = await (await host.SignInAsync("alice", scope: "profile")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        await Verifier.Verify(answer);
    }

    [Fact]
    public async Task Approved()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        using var answer = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        await Verifier.Verify(answer);
    }

    [Fact]
    public async Task Denied()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        using var answer = await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode);
        await Verifier.Verify(answer);
    }

    [Fact]
    public async Task Paired()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        await Verifier.Verify(answer);
    }

    [Fact]
    public async Task Paired_for_ever()
    {
        await using var host = await TestHost.StartAsync(options => options.TokenLifetime = Timeout.InfiniteTimeSpan);
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        await Verifier.VerifyJson(await answer.JsonAsync());
    }

    [Fact]
    public async Task Not_paired()
    {
        await using var host = await TestHost.StartAsync();
        var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
        var (open, denied) = (await device.StartJsonAsync(), await device.StartJsonAsync());
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        await VerifyAsync(
        [
            ("first poll", await device.PollJsonAsync(open.DeviceCode)),
            ("too soon", await device.PollJsonAsync(open.DeviceCode)),
            ("denied", await device.PollJsonAsync(denied.DeviceCode)),
            ("unknown", await device.PollJsonAsync("unknown")),
        ]);
    }

    [Fact]
    public async Task Not_decided()
    {
        var policy = new TestPolicy { Locked = { "mallory" } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var alice = await host.SignInAsync("alice");
        var (approved, denied, open) = (await host.Device().StartJsonAsync(), await host.Device().StartJsonAsync(), await host.Device().StartJsonAsync());
        (await alice.ApproveAsync(approved.UserCode)).EnsureSuccessStatusCode();
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        await VerifyAsync(
        [
            ("anonymous", await host.Device().ApproveAsync(open.UserCode)),
            ("unknown", await alice.ApproveAsync("BBBB-BBBB")),
            ("approved before", await alice.ApproveAsync(approved.UserCode)),
            ("denied before", await alice.DenyAsync(denied.UserCode)),
            ("too many scopes", await alice.ApproveAsync(open.UserCode, "library.write")),
            ("locked account", await (await host.SignInAsync("mallory")).ApproveAsync(open.UserCode)),
            ("bad expiry", await alice.PostJsonAsync("approve", new { user_code = open.UserCode, approved_scopes = new List<string> { "library.read" }, expires_in = "x" })),
        ]);
    }

    [Fact]
    public async Task Malformed()
    {
        await using var host = await TestHost.StartAsync(options => (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute) = (true, 1));
        await using var down = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
        var unknownScope = await device.PostRawAsync(
            "init", """{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["a", "b"] }""", "application/json");
        await VerifyAsync(
        [
            ("init without members", await device.PostRawAsync("init", "{}", "application/json")),
            ("init with unknown scopes", unknownScope),
            ("init too often", await device.PostRawAsync(
                "init", """{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["profile"] }""", "application/json")),
            ("not JSON", await device.PostRawAsync("init", "{", "application/json")),
            ("null", await device.PostRawAsync("token", "null", "application/json")),
            ("too large", await device.PostRawAsync("token", new string(' ', 16385), "application/json")),
            ("token without members", await device.PostRawAsync("token", "{}", "application/json")),
            ("approve without members", await alice.PostRawAsync("approve", "{}", "application/json")),
            ("deny without members", await alice.PostRawAsync("deny", "{}", "application/json")),
            ("store down", await down.Device().PollJsonAsync("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")),
        ]);
    }

    /// <summary>Status and body of each answer, by its name.</summary>
    private static async Task VerifyAsync((string Name, HttpResponseMessage Answer)[] answers, [CallerMemberName] string method = "")
    {
        var all = new JsonObject();
        foreach (var (name, answer) in answers)
        {
            all[name] = new JsonObject { ["status"] = (int)answer.StatusCode, ["body"] = JsonNode.Parse(await answer.Content.ReadAsStringAsync()) };
            answer.Dispose();
        }

        using var document = JsonDocument.Parse(all.ToJsonString());
        await Verifier.VerifyJson(document.RootElement, method: method);
    }
}

using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary><c>GET /api/devices/online</c>: which of a user's devices are online (RomM 5.4).</summary>
public sealed class OnlineDevicesTests
{
    private const string Online = RegistryHost.Devices + "/online";

    [Theory]
    [Trait("RomM 5.4", "14, 113")]
    [InlineData(Online)]
    [InlineData(Online + "/")]
    public async Task Without_devices_nobody_is_online_and_online_is_no_id(string path)
    {
        await using var host = await RegistryHost.StartAsync();
        var answer = await (await host.SignInAsync("alice")).CallAsync("GET", path);
        Assert.Equal((HttpStatusCode.OK, "[]"), (answer.Status, answer.Text));
    }

    [Fact]
    [Trait("RomM 5.4", "14")]
    public async Task Strangers_and_callers_without_the_scope_are_refused()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, _) = await host.PairJsonAsync(scopes: "devices.write");
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.Device().CallAsync("GET", Online)).Status);
        Assert.Equal(HttpStatusCode.Forbidden, (await host.WithToken(token).CallAsync("GET", Online)).Status);
    }

    [Theory]
    [Trait("RomM 5.4", "15, 116")]
    [InlineData(89, true)]
    [InlineData(91, false)]
    public async Task A_device_is_online_for_90_seconds_after_its_last_call(int seconds, bool isOnline)
    {
        await using var host = await RegistryHost.StartAsync();
        var (_, id) = await host.PairJsonAsync();
        await host.PairJsonAsync("bob");
        var alice = await host.SignInAsync("alice");
        host.Clock.Advance(TimeSpan.FromSeconds(seconds));
        Assert.Equal(isOnline ? [id] : [], await OnlineAsync(alice));
    }

    [Fact]
    public async Task A_device_that_calls_twice_a_minute_never_seems_to_be_away()
    {
        var (repository, probe) = TouchProbe.Create();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton(repository));
        var (token, id) = await host.PairJsonAsync();
        var alice = await host.SignInAsync("alice");
        for (var call = 0; call < 10; call++)
        {
            host.Clock.Advance(TimeSpan.FromSeconds(30));
            Assert.Equal([id], await OnlineAsync(alice));
            await host.WithToken(token).CallAsync("GET", RegistryHost.Devices);
            await probe.NextAsync();
        }
    }

    [Fact]
    [Trait("RomM 5.4", "17, 114, 115")]
    public async Task All_devices_of_the_account_are_listed_in_order_and_a_deleted_one_is_not()
    {
        await using var host = await RegistryHost.StartAsync();
        var (token, first) = await host.PairJsonAsync(identifier: "id-1");
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var (_, second) = await host.PairJsonAsync(identifier: "id-2");
        var device = host.WithToken(token);
        Assert.Equal([first, second], await OnlineAsync(device));
        await device.CallAsync("DELETE", $"{RegistryHost.Devices}/{second}");
        Assert.Equal([first], await OnlineAsync(device));
    }

    [Fact]
    public async Task The_host_sets_how_long()
    {
        await using var host = await RegistryHost.StartAsync(options => options.OnlineAfterCall = TimeSpan.FromHours(1));
        var (_, id) = await host.PairJsonAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(59));
        Assert.Equal([id], await OnlineAsync(await host.SignInAsync("alice")));
    }

    [Fact]
    [Trait("RomM 5.4", "16")]
    public async Task A_host_that_knows_better_decides_about_the_callers_devices_only()
    {
        var presence = new Presence();
        await using var host = await RegistryHost.StartAsync(services: services => services.AddScoped<IDevicePresence>(_ => presence));
        var (_, first) = await host.PairJsonAsync(identifier: "id-1");
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        var (_, second) = await host.PairJsonAsync(identifier: "id-2");
        var (_, bobs) = await host.PairJsonAsync("bob");
        var alice = await host.SignInAsync("alice");
        Assert.Empty(await OnlineAsync(alice));
        presence.Online = [bobs, second, first, "unknown"];
        Assert.Equal([first, second], await OnlineAsync(alice));
        Assert.Equal([first, second], presence.Asked);
    }

    [Fact]
    public async Task A_presence_that_fails_is_a_fault_of_the_host_and_named()
    {
        await using var host = await RegistryHost.StartAsync(services: services => services.AddScoped<IDevicePresence>(_ => new Presence { Fails = true }));
        var answer = await (await host.SignInAsync("alice")).CallAsync("GET", Online);
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry.Message.Contains(nameof(IDevicePresence), StringComparison.Ordinal));
    }

    private static async Task<string[]> OnlineAsync(HttpClient caller) =>
        [.. (await caller.CallAsync("GET", Online)).Body.EnumerateArray().Select(id => id.GetString()!)];

    private sealed class Presence : IDevicePresence
    {
        public string[] Online { get; set; } = [];

        public IReadOnlyList<string> Asked { get; private set; } = [];

        public bool Fails { get; init; }

        public ValueTask<IReadOnlyCollection<string>> FindOnlineAsync(IReadOnlyList<Device> devices, CancellationToken cancellationToken)
        {
            Asked = [.. devices.Select(device => device.Id)];
            return Fails ? throw new InvalidOperationException("No sockets.") : ValueTask.FromResult<IReadOnlyCollection<string>>(Online);
        }
    }
}

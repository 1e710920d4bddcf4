using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>The services of a host that keeps its pairings in Redis, and the flow through them.</summary>
internal sealed class RedisHost : IAsyncDisposable
{
    private readonly IHost _host;

    private RedisHost(IHost host, FakeTimeProvider clock) => (_host, Clock) = (host, clock);

    public FakeTimeProvider Clock { get; }

    public IServiceProvider Services => _host.Services;

    public IDeviceRepository Devices => Services.GetRequiredService<IDeviceRepository>();

    public IPairingStore Store => Services.GetRequiredService<IPairingStore>();

    public FakeLogCollector Logs => Services.GetFakeLogCollector();

    public static async Task<RedisHost> StartAsync(
        Action<DeviceAuthorizationBuilder> add, string? prefix = null, DateTimeOffset? now = null, IDeviceRepository? devices = null)
    {
        var clock = new FakeTimeProvider(now ?? TestData.Start);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { EnvironmentName = Environments.Development });
        builder.Configuration[$"{RedisPairingStoreOptions.SectionName}:{nameof(RedisPairingStoreOptions.KeyPrefix)}"] = prefix ?? $"test-{Guid.NewGuid():N}:";
        builder.Services.AddFakeLogging().AddLogging(logging => logging.SetMinimumLevel(LogLevel.Debug));
        builder.Services.AddSingleton<TimeProvider>(clock);
        if (devices is not null)
        {
            builder.Services.AddSingleton(devices);
        }

        add(builder.Services.AddDeviceAuthorization(options =>
        {
            options.Scopes.Add("read", "Read");
            options.Scopes.Add("write", "Write");
        }));
        var host = builder.Build();
        await host.StartAsync();
        return new RedisHost(host, clock);
    }

    public async Task<StartResult.Started> StartAsync() => Assert.IsType<StartResult.Started>(await CallAsync(pairings => pairings.StartAsync(new PairingRequest
    {
        ClientId = "tv",
        Scopes = ["read", "write"],
        Device = new ReportedDevice { Name = "TV", Identifier = "tv-1" },
    })));

    public Task<InspectResult> ClaimAsync(StartResult.Started codes) =>
        CallAsync(pairings => pairings.ClaimAsync(codes.UserCode.Reveal(), new Approver("alice")));

    public async Task ApproveAsync(StartResult.Started codes) => Assert.IsType<DecisionResult.Approved>(await CallAsync(
        pairings => pairings.ApproveAsync(codes.UserCode.Reveal(), new Approver("alice"), new Approval { Scopes = ["read"] })));

    public Task<DecisionResult> DenyAsync(StartResult.Started codes) =>
        CallAsync(pairings => pairings.DenyAsync(codes.UserCode.Reveal(), new Approver("alice")));

    public Task<PollResult> PollAsync(StartResult.Started codes, string? idempotencyKey = null) =>
        CallAsync(pairings => pairings.PollAsync(codes.DeviceCode, "tv", idempotencyKey));

    public async Task<PairingError> RefusedAsync(StartResult.Started codes) => Assert.IsType<PollResult.NotPaired>(await PollAsync(codes)).Error;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>Waits until the host has looked at Redis's settings.</summary>
    public Task CheckedAsync() =>
        Services.GetServices<IHostedService>().OfType<EvictionPolicyCheck>().Single().ExecuteTask!.WaitAsync(RedisServer.Patience);

    private async Task<T> CallAsync<T>(Func<PairingService, Task<T>> call)
    {
        await using var scope = Services.CreateAsyncScope(); // as a request
        return await call(scope.ServiceProvider.GetRequiredService<PairingService>());
    }
}

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

    public async Task<StartResult.Started> StartAsync() => Assert.IsType<StartResult.Started>(await CallAsync<DeviceFlow, StartResult>(flow => flow.StartAsync(new PairingRequest
    {
        ClientId = "tv",
        Scopes = ["read", "write"],
        Device = new ReportedDevice { Name = "TV", Identifier = "tv-1" },
    })));

    public Task<ApproverResult> ClaimAsync(StartResult.Started codes) =>
        CallAsync<ApproverFlow, ApproverResult>(flow => flow.EnterAsync(codes.UserCode, new Approver("alice")));

    public async Task ApproveAsync(StartResult.Started codes) => Assert.IsType<ApproverResult.Approved>(await CallAsync<ApproverFlow, ApproverResult>(
        flow => flow.ApproveAsync(codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"] })));

    public Task<ApproverResult> DenyAsync(StartResult.Started codes) =>
        CallAsync<ApproverFlow, ApproverResult>(flow => flow.DenyAsync(codes.UserCode, new Approver("alice")));

    public Task<PollResult> PollAsync(StartResult.Started codes, string? idempotencyKey = null) =>
        CallAsync<DeviceFlow, PollResult>(flow => flow.PollAsync(new PollRequest { DeviceCode = codes.DeviceCode, ClientId = "tv", IdempotencyKey = idempotencyKey }));

    public async Task<PairingError> RefusedAsync(StartResult.Started codes) => Assert.IsType<PollResult.NotPaired>(await PollAsync(codes)).Error;

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }

    /// <summary>Waits until the host has looked at Redis's settings.</summary>
    public Task CheckedAsync() =>
        Services.GetServices<IHostedService>().OfType<EvictionPolicyCheck>().Single().ExecuteTask!.WaitAsync(RedisServer.Patience);

    private async Task<T> CallAsync<TFlow, T>(Func<TFlow, Task<T>> call)
        where TFlow : notnull
    {
        await using var scope = Services.CreateAsyncScope(); // as a request
        return await call(scope.ServiceProvider.GetRequiredService<TFlow>());
    }
}

using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>What the health endpoint of a host says while something that pairing needs is away.</summary>
public sealed class HealthCheckTests
{
    private readonly InterceptedPairingStore _pairings = new(new InMemoryPairingStore(Options.Create(new DeviceAuthorizationOptions()), new FakeTimeProvider(TestHost.Epoch)));
    private readonly InterceptedDeviceRepository _devices = new(new InMemoryDeviceRepository());
    private readonly Limiter _limiter = new();
    private readonly Protector _protector = new();

    [Fact]
    public async Task All_is_well_and_every_check_is_one_of_readiness()
    {
        await using var host = await StartAsync();
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(
            "device-authorization-devices device-authorization-keys device-authorization-limits device-authorization-pairings",
            string.Join(' ', report.Entries.Keys.Order(StringComparer.Ordinal)));
        Assert.All(report.Entries.Values, entry => Assert.Equal((HealthStatus.Healthy, true, false), (entry.Status, entry.Tags.Contains("ready", StringComparer.Ordinal), entry.Tags.Contains("live", StringComparer.Ordinal))));
    }

    [Theory]
    [InlineData("pairings")]
    [InlineData("devices")]
    [InlineData("limits")]
    [InlineData("keys")]
    public async Task What_is_away_is_unhealthy_and_only_that(string what)
    {
        await using var host = await StartAsync();
        Action<bool> set = what switch
        {
            "pairings" => isDown => _pairings.Passing = (_, _) => isDown ? throw new IOException("password=secret") : Task.CompletedTask,
            "devices" => isDown => _devices.Passing = (_, _) => isDown ? throw new IOException("password=secret") : Task.CompletedTask,
            "limits" => isDown => _limiter.IsDown = isDown,
            _ => isDown => _protector.IsDown = isDown,
        };
        set(true);
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        var (name, entry) = Assert.Single(report.Entries, entry => entry.Value.Status != HealthStatus.Healthy);
        Assert.Equal(($"device-authorization-{what}", HealthStatus.Unhealthy, "IOException"), (name, entry.Status, entry.Description));

        set(false);
        Assert.Equal(HealthStatus.Healthy, (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Status);
    }

    [Fact]
    public async Task A_check_ends_in_time_even_if_the_store_or_the_reading_of_keys_heeds_no_time_limit()
    {
        await using var host = await StartAsync();
        using var never = new ManualResetEventSlim();
        using var limit = new CancellationTokenSource();
        var (hangs, blocks) = (_pairings.PauseBefore(nameof(IPairingStore.FindByUserCodeAsync)), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        _protector.Before = () =>
        {
            blocks.SetResult();
            never.Wait(TimeSpan.FromSeconds(30));
        };
        var report = host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(limit.Token);
        await Task.WhenAll(hangs.Reached, blocks.Task);
        await limit.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => report.WaitAsync(TimeSpan.FromSeconds(10)));
        never.Set();
        hangs.Release();
    }

    [Fact]
    public async Task What_a_store_package_registers_is_checked_too()
    {
        await using var host = await StartAsync(services => services.AddSingleton(
            new HealthCheckRegistration("mine", _ => new Mine(), failureStatus: HealthStatus.Degraded, ["ready"])));
        var report = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.Equal(HealthStatus.Degraded, report.Entries["mine"].Status);
    }

    private Task<TestHost> StartAsync(Action<IServiceCollection>? more = null) => TestHost.StartAsync(services: services =>
    {
        services.AddSingleton<IPairingStore>(_pairings)
            .AddSingleton<IDeviceRepository>(_devices)
            .AddSingleton<IAttemptLimiter>(_limiter)
            .AddSingleton<IDataProtectionProvider>(_protector)
            .AddHealthChecks().AddDeviceAuthorization();
        more?.Invoke(services);
    });

    private sealed class Mine : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(new HealthCheckResult(context.Registration.FailureStatus));
    }

    private sealed class Limiter : IAttemptLimiter
    {
        public bool IsDown { get; set; }

        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken) =>
            IsDown ? throw new IOException("password=secret") : ValueTask.FromResult<TimeSpan?>(null);
    }

    private sealed class Protector : IDataProtectionProvider, IDataProtector
    {
        private readonly IDataProtector _inner = new EphemeralDataProtectionProvider().CreateProtector("test");

        public bool IsDown { get; set; }

        public IDataProtector CreateProtector(string purpose) => this;

        public Action Before { get; set; } = () => { };

        public byte[] Protect(byte[] plaintext)
        {
            Before();
            return IsDown ? throw new IOException("password=secret") : _inner.Protect(plaintext);
        }

        public byte[] Unprotect(byte[] protectedData) => _inner.Unprotect(protectedData);
    }
}

using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A host with its stores in the database, as <c>AddEntityFrameworkStores</c> sets it up; its flow is called below the wire.</summary>
internal sealed class PairingHost : IDisposable
{
    private readonly WebApplication _app;

    public PairingHost(TestDatabase database, Action<EntityFrameworkStoreOptions>? configure = null, Action<DeviceAuthorizationBuilder>? add = null)
        : this(database.AddTo, add ?? (pairing => pairing.AddEntityFrameworkStores<HostContext>(configure))) => Database = database;

    public PairingHost(Action<IServiceCollection> addContext, Action<DeviceAuthorizationBuilder> addStores)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        addContext(builder.Services);
        builder.Services.AddAuthentication().AddCookie();
        addStores(builder.Services.AddDeviceAuthorization(options =>
        {
            options.Scopes.Add("read", "Read");
            options.Scopes.Add("write", "Write");
        }));
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Clock));
        _app = builder.Build();
    }

    public FakeTimeProvider Clock { get; } = new(TestData.Start);

    public TestDatabase Database { get; } = null!;

    public IServiceProvider Services => _app.Services;

    public Task<StartResult.Started> StartAsync(string? identifier = "tv-1") => InScopeAsync(async service => Assert.IsType<StartResult.Started>(await service.StartAsync(new PairingRequest
    {
        ClientId = "tv",
        RequiresClientId = true,
        Scopes = ["read", "write"],
        Device = new ReportedDevice { Name = "TV", Identifier = identifier, Platform = "tvOS" },
    })));

    public Task<InspectResult> InspectAsync(StartResult.Started codes) => InScopeAsync(service => service.InspectAsync(codes.UserCode.Reveal(), new Approver("alice")));

    public Task<DecisionResult> ApproveAsync(StartResult.Started codes) =>
        InScopeAsync(service => service.ApproveAsync(codes.UserCode.Reveal(), new Approver("alice"), new Approval { Scopes = ["read"] }));

    public Task<DecisionResult> DenyAsync(StartResult.Started codes) => InScopeAsync(service => service.DenyAsync(codes.UserCode.Reveal(), new Approver("alice")));

    public Task<PollResult> PollAsync(StartResult.Started codes) => InScopeAsync(service => service.PollAsync(codes.DeviceCode, "tv"));

    public async Task<PairingError> RefusedAsync(StartResult.Started codes) => Assert.IsType<PollResult.NotPaired>(await PollAsync(codes)).Error;

    public Task<TokenWithDevice?> CallAsync(DeviceToken token) => Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(token.Hash(), default).AsTask();

    public T CleanUp<T>() where T : StoreCleanUp => Assert.Single(Services.GetServices<IHostedService>().OfType<T>());

    public void Dispose() => ((IDisposable)_app).Dispose();

    private async Task<T> InScopeAsync<T>(Func<PairingService, Task<T>> step)
    {
        await using var scope = Services.CreateAsyncScope();
        return await step(scope.ServiceProvider.GetRequiredService<PairingService>());
    }
}

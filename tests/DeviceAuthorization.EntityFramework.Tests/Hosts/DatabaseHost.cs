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
internal sealed class DatabaseHost : IDisposable
{
    private readonly WebApplication _app;
    private readonly AsyncServiceScope _scope;

    public DatabaseHost(TestDatabase database, Action<EntityFrameworkStoreOptions>? configure = null, Action<DeviceAuthorizationBuilder>? add = null)
        : this(database.AddTo, add ?? (pairing => pairing.AddEntityFrameworkStores<HostContext>(configure))) => Database = database;

    public DatabaseHost(Action<IServiceCollection> addContext, Action<DeviceAuthorizationBuilder> addStores)
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
        _scope = _app.Services.CreateAsyncScope();
    }

    public FakeTimeProvider Clock { get; } = new(TestData.Start);

    public TestDatabase Database { get; } = null!;

    /// <summary>The services of one scope, as a request has them.</summary>
    public IServiceProvider Services => _scope.ServiceProvider;

    public Task<StartResult.Started> StartAsync(string? identifier = "tv-1") => InScopeAsync<DeviceFlow, StartResult.Started>(async flow => Assert.IsType<StartResult.Started>(await flow.StartAsync(new PairingRequest
    {
        ClientId = "tv",
        RequiresClientId = true,
        Scopes = ["read", "write"],
        Device = new ReportedDevice { Name = "TV", Identifier = identifier, Platform = "tvOS" },
    })));

    public Task<ApproverResult> InspectAsync(StartResult.Started codes) => InScopeAsync<ApproverFlow, ApproverResult>(flow => flow.ReviewAsync(codes.UserCode, new Approver("alice")));

    public Task<ApproverResult> ApproveAsync(StartResult.Started codes) =>
        InScopeAsync<ApproverFlow, ApproverResult>(flow => flow.ApproveAsync(codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"] }));

    public Task<ApproverResult> DenyAsync(StartResult.Started codes) => InScopeAsync<ApproverFlow, ApproverResult>(flow => flow.DenyAsync(codes.UserCode, new Approver("alice")));

    public Task<PollResult> PollAsync(StartResult.Started codes) => InScopeAsync<DeviceFlow, PollResult>(flow => flow.PollAsync(new PollRequest { DeviceCode = codes.DeviceCode, ClientId = "tv" }));

    public async Task<PairingError> RefusedAsync(StartResult.Started codes) => Assert.IsType<PollResult.NotPaired>(await PollAsync(codes)).Error;

    public Task<TokenWithDevice?> CallAsync(DeviceToken token) => Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(token.Hash(), default).AsTask();

    public T CleanUp<T>() where T : IHostedService => Assert.Single(Services.GetServices<IHostedService>().OfType<T>());

    public void Dispose()
    {
        _scope.Dispose();
        ((IDisposable)_app).Dispose();
    }

    private async Task<T> InScopeAsync<TFlow, T>(Func<TFlow, Task<T>> step)
        where TFlow : notnull
    {
        await using var scope = Services.CreateAsyncScope();
        return await step(scope.ServiceProvider.GetRequiredService<TFlow>());
    }
}

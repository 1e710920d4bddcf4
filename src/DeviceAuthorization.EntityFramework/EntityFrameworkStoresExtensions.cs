using DeviceAuthorization;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Keeps pairings, devices and tokens in the host's database. The context's model needs <c>modelBuilder.UseDeviceAuthorization()</c>, and the
/// database a migration. The stores are scoped services. They create their own context for each request,
/// in a new service scope. They never save or join the host's pending work.
/// </summary>
public static class DeviceAuthorizationEntityFrameworkExtensions
{
    /// <summary>Replaces both registered stores with stores in the database of <typeparamref name="TContext"/>. A store registered later replaces them.</summary>
    /// <typeparam name="TContext">The host's context, registered with <c>AddDbContext</c>, <c>AddDbContextPool</c> or <c>AddDbContextFactory</c>, or else an <c>IDbContextFactory</c> of it.</typeparam>
    public static DeviceAuthorizationBuilder AddEntityFrameworkStores<TContext>(
        this DeviceAuthorizationBuilder builder, Action<EntityFrameworkStoreOptions>? configure = null)
        where TContext : DbContext =>
        builder.AddEntityFrameworkPairingStore<TContext>(configure).AddEntityFrameworkDeviceRepository<TContext>();

    /// <summary>Replaces only the store of pairings. Devices and tokens may be in another database, or in none.</summary>
    /// <inheritdoc cref="AddEntityFrameworkStores"/>
    public static DeviceAuthorizationBuilder AddEntityFrameworkPairingStore<TContext>(
        this DeviceAuthorizationBuilder builder, Action<EntityFrameworkStoreOptions>? configure = null)
        where TContext : DbContext =>
        builder.Add<IPairingDatabase, IPairingStore, EntityFrameworkPairingStore, PairingCleanUp, TContext>(configure);

    /// <summary>Replaces only the repository of devices and tokens. Pairings may be in another database, in memory or in Redis.</summary>
    /// <inheritdoc cref="AddEntityFrameworkStores"/>
    public static DeviceAuthorizationBuilder AddEntityFrameworkDeviceRepository<TContext>(
        this DeviceAuthorizationBuilder builder, Action<EntityFrameworkStoreOptions>? configure = null)
        where TContext : DbContext =>
        builder.Add<IDeviceDatabase, IDeviceRepository, EntityFrameworkDeviceRepository, TokenCleanUp, TContext>(configure);

    private static DeviceAuthorizationBuilder Add<TDatabase, TService, TStore, TCleanUp, TContext>(
        this DeviceAuthorizationBuilder builder, Action<EntityFrameworkStoreOptions>? configure)
        where TDatabase : class, IHostDatabase
        where TService : class
        where TStore : class, TService
        where TCleanUp : class, IHostedService, IHealthCheck
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<EntityFrameworkStoreOptions>()
            .Configure(options => configure?.Invoke(options))
            .Validate(options => options.IsPeriodValid, "CleanUpPeriod of the Entity Framework stores must be from 1 second to 1 day, or Timeout.InfiniteTimeSpan.")
            .Validate(options => options.IsBatchValid, "CleanUpBatch of the Entity Framework stores must be from 1 to 100,000.")
            .Validate<IServiceProvider>(
                (options, services) => !options.EncryptSyncConfig || SyncConfigColumn.OutlivesProcess(services),
                "EncryptSyncConfig needs keys that outlive the process: call AddDataProtection().PersistKeysToFileSystem(...), or keep them where all nodes of the host find them.")
            .ValidateOnStart();
        services.TryAddSingleton<SyncConfigColumn>();
        services.TryAddScoped<HostDatabase<TContext>>();
        services.Replace(ServiceDescriptor.Scoped<TDatabase>(request => (TDatabase)(object)request.GetRequiredService<HostDatabase<TContext>>()));
        services.Replace(ServiceDescriptor.Scoped<TService, TStore>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, DatabaseCheck>());
        services.AddHostedService<TCleanUp>();
        var health = $"device-authorization-{(typeof(TCleanUp) == typeof(PairingCleanUp) ? "pairing" : "token")}-clean-up";
        if (services.All(service => (service.ImplementationInstance as HealthCheckRegistration)?.Name != health))
        {
            services.AddSingleton(new HealthCheckRegistration(
                health, request => request.GetServices<IHostedService>().OfType<TCleanUp>().Single(), failureStatus: null, ["ready", "device-authorization"]));
        }

        return builder;
    }
}

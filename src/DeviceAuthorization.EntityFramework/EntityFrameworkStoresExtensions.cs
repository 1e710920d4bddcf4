using DeviceAuthorization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection.Extensions;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps pairings, devices and tokens in the host's database.</summary>
public static class DeviceAuthorizationEntityFrameworkExtensions
{
    /// <summary>
    /// Replaces both stores, whoever registered them before, with ones in the database of <typeparamref name="TContext"/>. The model
    /// needs <c>modelBuilder.UseDeviceAuthorization()</c>, the database a migration. The stores make contexts of their own, each in a
    /// new service scope: they never save or join what the host has begun.
    /// </summary>
    /// <typeparam name="TContext">The host's context, registered with <c>AddDbContext</c>, <c>AddDbContextPool</c> or <c>AddDbContextFactory</c>.</typeparam>
    /// <param name="builder">What <c>AddDeviceAuthorization()</c> gave.</param>
    /// <param name="configure">Changes the settings.</param>
    /// <returns>The same builder. A store that is registered later is used instead.</returns>
    public static DeviceAuthorizationBuilder AddEntityFrameworkStores<TContext>(
        this DeviceAuthorizationBuilder builder, Action<EntityFrameworkStoreOptions>? configure = null)
        where TContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.AddOptions<EntityFrameworkStoreOptions>()
            .Configure(options => configure?.Invoke(options))
            .Validate(options => options.IsPeriodValid, "CleanUpPeriod of AddEntityFrameworkStores must be from 1 second to 1 day, or Timeout.InfiniteTimeSpan.")
            .Validate(options => options.IsBatchValid, "CleanUpBatch of AddEntityFrameworkStores must be from 1 to 100,000.")
            .ValidateOnStart();
        services.Replace(ServiceDescriptor.Singleton<IHostDatabase, HostDatabase<TContext>>());
        services.Replace(ServiceDescriptor.Singleton<IPairingStore, EntityFrameworkPairingStore>());
        services.Replace(ServiceDescriptor.Singleton<IDeviceRepository, EntityFrameworkDeviceRepository>());
        services.AddHostedService<StoreCleanUp>();
        return builder;
    }
}

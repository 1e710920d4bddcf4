using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

internal static class FlowServices
{
    /// <summary>
    /// Registers the flow over the stores, the limiter, the policy and the clock of the host. Its services are scoped, so that a singleton which
    /// takes one fails: it would keep the host's scoped policy and listeners.
    /// </summary>
    public static IServiceCollection AddFlow(this IServiceCollection services)
    {
        services.AddMetrics();
        services.TryAddSingleton<Telemetry>();
        services.TryAddSingleton<StoreWatch>();
        services.TryAddSingleton<HeldPolls>();
        services.TryAddTransient<WatchedPairingStore>();
        services.TryAddTransient<WatchedDeviceRepository>();
        services.TryAddTransient<WatchedAttemptLimiter>();
        services.TryAddTransient<WatchedPolicy>();
        services.TryAddSingleton<OncePerKey>();
        services.TryAddTransient<EventReporter>();
        services.TryAddTransient<PhishingWatch>();
        services.TryAddTransient<DeviceRegistry>();
        services.TryAddScoped(request => new DeviceFlow(
            request.GetRequiredService<WatchedPairingStore>(),
            request,
            request.GetRequiredService<IOptions<DeviceAuthorizationOptions>>(),
            request.GetRequiredService<TimeProvider>()));
        services.TryAddScoped(request => new ApproverFlow(
            request.GetRequiredService<WatchedPairingStore>(),
            request.GetRequiredService<WatchedPolicy>(),
            request.GetRequiredService<DeviceRegistry>(),
            request.GetRequiredService<PhishingWatch>(),
            request.GetRequiredService<EventReporter>(),
            request.GetRequiredService<IOptions<DeviceAuthorizationOptions>>(),
            request.GetRequiredService<TimeProvider>()));
        services.TryAddTransient<LiveTokens>();
        services.TryAddSingleton<OpenConnections>();
        services.TryAddScoped(request => new DeviceAccess(request));
        return services;
    }
}

using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>Logs where the host keeps what it must remember, and settings that it may run with, but that an operator should know about.</summary>
internal sealed class StartUpWarnings(
    IServiceScopeFactory scopes,
    IHostEnvironment environment,
    IConfiguration configuration,
    IDataProtectionProvider protection,
    IOptions<KeyManagementOptions> keys,
    IOptions<DeviceAuthorizationOptions> options,
    ILogger<StartUpWarnings> logger) : IHostedService
{
    private const string Memory = "memory";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var setting in UnknownSettings.In(configuration))
        {
            logger.SettingUnknown(setting);
        }

        if (!options.Value.RateLimits.Enabled)
        {
            logger.LimitsOff();
        }

        if (GuessOdds.Warning(options.Value) is { } advice)
        {
            logger.WeakUserCodes(advice);
        }

        await using var scope = scopes.CreateAsyncScope(); // a store may be a scoped service
        var pairings = NameOf<IPairingStore>(scope.ServiceProvider);
        var devices = NameOf<IDeviceRepository>(scope.ServiceProvider);
        logger.InUse(
            pairings, devices, NameOf<IAttemptLimiter>(scope.ServiceProvider), $"{options.Value.Security}", string.Join(' ', options.Value.Scopes.Keys), (pairings == Memory ? $"{nameof(options.Value.MaxLivePairings)} {options.Value.MaxLivePairings}, " : "") + Words(options.Value.RateLimits, options.Value.PendingPerAddress));
        if (options.Value.UserCodeKeys.Count == 0 && pairings != Memory) // nobody reads the memory of a process who cannot also read its keys
        {
            logger.UserCodesWithoutKey();
        }

        if (!environment.IsDevelopment())
        {
            WarnOfLosses(pairings, devices);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static string NameOf<TStore>(IServiceProvider services)
        where TStore : class
    {
        try
        {
            return services.GetRequiredService<TStore>() is var store and not (InMemoryPairingStore or InMemoryDeviceRepository or InMemoryAttemptLimiter) ? store.ToString()! : Memory;
        }
        catch (Exception exception) // a store may connect when it is created: a server that is away must not stop the host
        {
            return $"unknown (it could not be created: {exception.GetType().Name})";
        }
    }

    /// <summary>The limits that are on, by their names in the configuration.</summary>
    private static string Words(DeviceRateLimits limits, int pendingPerAddress) => !limits.Enabled ? "off" : string.Join(", ", new (string Name, int? Limit)[]
    {
        (nameof(limits.StartsPerMinute), limits.StartsPerMinute),
        (nameof(limits.PendingPerAddress), pendingPerAddress), // the preset's, if it is not set
        (nameof(limits.StartsPerClientPerMinute), limits.StartsPerClientPerMinute),
        (nameof(limits.CodesPerUser), limits.CodesPerUser),
        (nameof(limits.CodesPerUserAndDay), limits.CodesPerUserAndDay),
        (nameof(limits.CodesPerAddress), limits.CodesPerAddress),
        (nameof(limits.CodesInAll), limits.CodesInAll),
        (nameof(limits.UnknownDeviceCodesPerMinute), limits.UnknownDeviceCodesPerMinute),
        (nameof(limits.PollsPerMinute), limits.PollsPerMinute),
    }.Where(limit => limit.Limit is not null).Select(limit => $"{limit.Name} {limit.Limit}"));

    private void WarnOfLosses(string pairings, string devices)
    {
        if (devices == Memory)
        {
            logger.DevicesInMemory();
        }

        if (pairings == Memory)
        {
            logger.PairingsInMemory();
        }

        if (protection is EphemeralDataProtectionProvider)
        {
            logger.KeysInMemory();
        }
        else if ((IsShared(pairings) || IsShared(devices))
            && protection.GetType().Assembly == typeof(KeyManagementOptions).Assembly // else the host keeps its keys in its own way
            && keys.Value.XmlRepository is null)
        {
            logger.KeysOnThisMachine(pairings, devices);
        }
    }

    /// <summary>Whether several nodes can use the store. A file of SQLite is for one machine.</summary>
    private static bool IsShared(string store) => store != Memory && !store.Contains("Sqlite", StringComparison.Ordinal) && !store.Contains("InMemory", StringComparison.Ordinal);
}

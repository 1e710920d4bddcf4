using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// Logs once, after the start, if Redis may evict pairings. Uses INFO because many hosted servers refuse CONFIG. Logs nothing if INFO is refused
/// too, or Redis is down.
/// </summary>
internal sealed class EvictionPolicyCheck(RedisConnection connection, ILogger<EvictionPolicyCheck> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var redis = await connection.GetAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            foreach (var server in redis.Primaries())
            {
                if (await server.FindEvictionPolicyAsync(stoppingToken).ConfigureAwait(false) is { } policy)
                {
                    logger.Evicts(server.EndPoint.ToString()!, policy);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host is stopping.
        }
        catch (Exception exception) when (exception is RedisException or RedisCommandException or TimeoutException)
        {
            logger.PolicyUnreadable(exception);
        }
    }
}

/// <summary>For <c>AddHealthChecks().AddDeviceAuthorization()</c>: unhealthy without a primary, degraded if one may evict pairings.</summary>
internal sealed class RedisHealth(RedisConnection connection) : IHealthCheck
{
    public static readonly HealthCheckRegistration Registration = new(
        "device-authorization-redis",
        services => new RedisHealth(services.GetRequiredService<RedisConnection>()),
        failureStatus: null,
        ["ready", "device-authorization"],
        TimeSpan.FromSeconds(5));

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var primaries = (await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false)).Primaries().ToArray();
        if (primaries.Length == 0)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "No primary of Redis is connected.");
        }

        foreach (var server in primaries)
        {
            try
            {
                if (await server.FindEvictionPolicyAsync(cancellationToken).ConfigureAwait(false) is { } policy)
                {
                    return HealthCheckResult.Degraded($"Redis has the maxmemory-policy {policy}: when its memory is full, it evicts pairings.");
                }
            }
            catch (RedisServerException)
            {
                // It does not say.
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException) // its message names the server
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception.GetType().Name);
            }
        }

        return HealthCheckResult.Healthy();
    }
}

/// <summary>What a server says about itself.</summary>
internal static class RedisServers
{
    // The client lets only connections with admin rights call INFO directly. Redis itself still decides whether this user may.
    private const string Info = "return redis.call('INFO', 'memory')";
    private const string Policy = "maxmemory_policy:";

    public static IEnumerable<IServer> Primaries(this IConnectionMultiplexer redis) =>
        redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false });

    /// <summary>The policy by which a server may evict pairings; null if it evicts nothing.</summary>
    public static async Task<string?> FindEvictionPolicyAsync(this IServer server, CancellationToken cancellationToken)
    {
        var info = (string?)await server.ExecuteAsync("EVAL", Info, 0).WaitAsync(cancellationToken).ConfigureAwait(false) ?? "";
        var policy = info.Split("\r\n").FirstOrDefault(line => line.StartsWith(Policy, StringComparison.Ordinal))?[Policy.Length..];
        return policy is "noeviction" ? null : policy;
    }
}

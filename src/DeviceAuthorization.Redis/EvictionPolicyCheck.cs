using System.Net;
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
    // The client lets only connections with admin rights call it directly. Redis itself still decides whether this user may.
    private const string Info = "return redis.call('INFO', 'memory')";
    private const string Policy = "maxmemory_policy:";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var redis = await connection.GetAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            foreach (var server in redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            {
                string info = (string?)await server.ExecuteAsync("EVAL", Info, 0).WaitAsync(stoppingToken).ConfigureAwait(false) ?? "";
                var policy = info.Split("\r\n").FirstOrDefault(line => line.StartsWith(Policy, StringComparison.Ordinal))?[Policy.Length..];
                if (policy is not (null or "noeviction"))
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

using System.Net;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace DeviceAuthorization;

/// <summary>
/// Says once, after the start, when Redis may evict pairings. INFO and not CONFIG, which many hosted servers refuse; where INFO is refused
/// too, or Redis is down, it stays silent.
/// </summary>
internal sealed class EvictionPolicyCheck(RedisConnection connection, ILogger<EvictionPolicyCheck> logger) : BackgroundService
{
    private const string Policy = "maxmemory_policy";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var redis = await connection.GetAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            foreach (var server in redis.GetServers().Where(server => server is { IsConnected: true, IsReplica: false }))
            {
                var info = await server.InfoAsync("memory").WaitAsync(stoppingToken).ConfigureAwait(false);
                var policy = info.SelectMany(section => section).FirstOrDefault(line => line.Key == Policy).Value;
                if (policy is not (null or "noeviction"))
                {
                    logger.Evicts(server.EndPoint.ToString()!, policy);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            logger.PolicyUnreadable(exception);
        }
    }
}

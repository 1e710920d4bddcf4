using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// Attempts that all nodes of a host count together. Each key is one string, <c>time count time count …</c>, in Unix milliseconds, oldest first, with
/// times rounded up to a step of the window. All keys have one hash tag and so share one slot of a cluster, because one step may count any of them
/// together. Redis expires each count when it ends.
/// </summary>
/// <remarks>
/// Key names hold a hash, because they appear in slow logs and in messages of the client. What is counted may be a person's name or address, of any
/// length. The hash does not protect against someone who reads Redis: an IPv4 address is found by trying.
/// </remarks>
internal sealed class RedisAttemptLimiter(RedisConnection connection, IOptions<RedisPairingStoreOptions> options, TimeProvider clock) : IAttemptLimiter
{
    private const string HashTag = "{limits}:";
    private const int HashLength = 32;

    /// <summary>
    /// KEYS the counters · ARGV[1] now · then for each counter its limit, window and step. Returns how long to wait; 0 if the attempt was counted. A
    /// time in the future counts as now: another node's clock is ahead, or the clock was set back.
    /// </summary>
    private const string Script = """
        local now = tonumber(ARGV[1])
        local wait, counters = 0, {}
        for i, key in ipairs(KEYS) do
            local limit, window, step = tonumber(ARGV[3 * i - 1]), tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1])
            local latest = math.ceil(now / step) * step
            local times, counts, total = {}, {}, 0
            for time, count in string.gmatch(redis.call('GET', key) or '', '(%d+) (%d+)') do
                time, count = math.min(tonumber(time), latest), tonumber(count)
                if time + window > now then
                    times[#times + 1] = time
                    counts[#times] = count
                    total = total + count
                end
            end

            local oldest, free = 1, limit - total
            while free < 1 do
                free = free + counts[oldest]
                wait = math.max(wait, times[oldest] + window - now)
                oldest = oldest + 1
            end

            if times[#times] ~= latest then
                times[#times + 1] = latest
                counts[#times] = 0
            end

            counts[#times] = counts[#times] + 1
            local record = {}
            for j, time in ipairs(times) do record[j] = string.format('%.0f %.0f', time, counts[j]) end
            counters[i] = { table.concat(record, ' '), string.format('%.0f', window + step) }
        end

        if wait == 0 then
            for i, key in ipairs(KEYS) do redis.call('SET', key, counters[i][1], 'PX', counters[i][2]) end
        end
        return wait
        """;

    /// <summary>Names the limiter in the log at start.</summary>
    public override string ToString() => "Redis";

    public async ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
    {
        AttemptBudget.Check(budgets);
        cancellationToken.ThrowIfCancellationRequested();
        var redis = await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var values = new List<RedisValue> { clock.GetUtcNow().ToUnixTimeMilliseconds() };
        foreach (var budget in budgets)
        {
            var window = (long)Math.Ceiling(budget.Window.TotalMilliseconds);
            values.AddRange([budget.Limit, window, (window + AttemptBudget.StepsPerWindow - 1) / AttemptBudget.StepsPerWindow]);
        }

        var wait = (long)await redis.GetDatabase(options.Value.Database ?? -1)
            .ScriptEvaluateAsync(Script, [.. budgets.Select(budget => Key(budget.Key))], [.. values], CommandFlags.DemandMaster)
            .WaitAsync(cancellationToken).ConfigureAwait(false);
        return wait > 0 ? TimeSpan.FromMilliseconds(wait) : null;
    }

    private RedisKey Key(string key) =>
        $"{options.Value.KeyPrefix}{HashTag}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..HashLength]}";
}

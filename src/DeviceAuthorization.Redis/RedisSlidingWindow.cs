using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Storage;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// Counts attempts in Redis. Each key is one string, <c>time count time count …</c>, in Unix milliseconds, oldest first, with times rounded up to a
/// step of the window. All keys have one hash tag and so share one slot of a cluster, because one step may count any of them together.
/// </summary>
/// <remarks>
/// Key names hold a hash, because they appear in slow logs and in messages of the client. What is counted may be a person's name or address, of any
/// length. The hash does not protect against someone who reads Redis: an IPv4 address is found by trying.
/// </remarks>
internal static class RedisSlidingWindow
{
    private const string HashTag = "{limits}:";
    private const int HashLength = 32;

    /// <summary>
    /// KEYS the counters · ARGV[1] now · [2] permits · then for each counter its limit, window and step. Returns the permits left in the fullest
    /// counter or, below zero, how long to wait. A time in the future counts as now: another node's clock is ahead, or the clock was set back.
    /// </summary>
    private const string Script = """
        local now, permits = tonumber(ARGV[1]), tonumber(ARGV[2])
        local wait, left, counters = 0, math.huge, {}
        for i, key in ipairs(KEYS) do
            local limit, window, step = tonumber(ARGV[3 * i]), tonumber(ARGV[3 * i + 1]), tonumber(ARGV[3 * i + 2])
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

            left = math.min(left, limit - total - permits)
            local oldest, free = 1, limit - total
            while free < math.max(permits, 1) do
                free = free + counts[oldest]
                wait = math.max(wait, times[oldest] + window - now)
                oldest = oldest + 1
            end

            if times[#times] ~= latest then
                times[#times + 1] = latest
                counts[#times] = 0
            end

            counts[#times] = counts[#times] + permits
            local record = {}
            for j, time in ipairs(times) do record[j] = string.format('%.0f %.0f', time, counts[j]) end
            counters[i] = { table.concat(record, ' '), string.format('%.0f', window + step) }
        end

        if wait > 0 then return -wait end
        if permits > 0 then
            for i, key in ipairs(KEYS) do redis.call('SET', key, counters[i][1], 'PX', counters[i][2]) end
        end
        return left
        """;

    /// <param name="prefix">The start of every key.</param>
    /// <param name="permits">How much to count; 0 only checks whether there is room for one.</param>
    /// <returns>The permits that are left. Below zero, minus the milliseconds to wait, and nothing was counted.</returns>
    public static async Task<long> CountAsync(
        IDatabase redis, string prefix, IReadOnlyList<AttemptBudget> budgets, int permits, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var values = new List<RedisValue> { now.ToUnixTimeMilliseconds(), permits };
        foreach (var budget in budgets)
        {
            var window = (long)Math.Ceiling(budget.Window.TotalMilliseconds);
            values.AddRange([budget.Limit, window, (window + AttemptBudget.StepsPerWindow - 1) / AttemptBudget.StepsPerWindow]);
        }

        RedisKey[] keys = [.. budgets.Select(budget => Key(prefix, budget.Key))];
        return (long)await redis.ScriptEvaluateAsync(Script, keys, [.. values], CommandFlags.DemandMaster).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private static RedisKey Key(string prefix, string key) =>
        $"{prefix}{HashTag}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)))[..HashLength]}";
}

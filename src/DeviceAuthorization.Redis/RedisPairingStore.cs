using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis;

/// <summary>
/// Pairings in Redis or Redis Cluster. Each has two keys, which may lie on different nodes: the hash of its device code holds the pairing, and the
/// hash of its user code points to that. Every step is one command or script on one of them. Redis expires both <see cref="Pairing.Retention"/> past
/// the expiry of the pairing; a poll never extends them.
/// </summary>
internal sealed class RedisPairingStore(
    RedisConnection connection, IOptions<RedisPairingStoreOptions> options, ILogger<RedisPairingStore> logger) : IPairingStore
{
    // Never a replica: it may not have a decision yet.
    private const CommandFlags Primary = CommandFlags.DemandMaster;

    private const int ScanPage = 500;

    private static readonly long Tolerance = PairingRecord.Milliseconds(Pacing.Tolerance);
    private static readonly long LongestWait = PairingRecord.Milliseconds(Pacing.LongestInterval + Pacing.Tolerance);

    private readonly string _pairings = options.Value.KeyPrefix + "p:";
    private readonly string _userCodes = options.Value.KeyPrefix + "u:";
    private readonly int _database = options.Value.Database ?? -1;

    /// <summary>Names the store in the log at start.</summary>
    public override string ToString() => "Redis";

    public async ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await AddAsync(pairing).WaitAsync(cancellationToken).ConfigureAwait(false); // cleans up even if the caller leaves
    }

    public async ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken)
    {
        var redis = await DatabaseAsync(cancellationToken).ConfigureAwait(false);
        var deviceCode = await GetAsync(redis, UserCodeKey(userCodeHash), cancellationToken).ConfigureAwait(false);
        if (deviceCode is null)
        {
            return null;
        }

        var record = await GetAsync(redis, _pairings + deviceCode, cancellationToken).ConfigureAwait(false);

        // A start that stopped half-way leaves a user code that points to nothing, or to a pairing with another user code.
        var pairing = Read(PairingRecord.Lengthen(deviceCode), record);
        return pairing?.UserCodeHash == userCodeHash ? pairing : null;
    }

    public async ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken)
    {
        var redis = await DatabaseAsync(cancellationToken).ConfigureAwait(false);
        return Read(deviceCodeHash, await GetAsync(redis, PairingKey(deviceCodeHash), cancellationToken).ConfigureAwait(false));
    }

    /// <summary>The keys lie on several nodes of a cluster: one command for each key, all at once.</summary>
    public async ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken)
    {
        var isDecided = await Task.WhenAll(deviceCodeHashes.Select(hash => EvaluateAsync(Scripts.IsDecided, PairingKey(hash), cancellationToken))).ConfigureAwait(false);
        return [.. deviceCodeHashes.Zip(isDecided).Where(answer => (bool)answer.Second).Select(answer => answer.First)];
    }

    public async ValueTask<PollAttempt> TryAcceptPollAsync(
        string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var client = clientId is null ? "" : PairingRecord.Client(clientId);
        var result = await EvaluateAsync(
            Scripts.AcceptPoll, PairingKey(deviceCodeHash), cancellationToken, client, PairingRecord.Milliseconds(now), Tolerance, LongestWait).ConfigureAwait(false);
        return result.Resp2Type == ResultType.Integer ? PollAttempt.Accepted : PollAttempt.NotAccepted(Read(deviceCodeHash, (string?)result));
    }

    public async ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        (bool)await EvaluateAsync(
            Scripts.SlowDown, PairingKey(read.DeviceCodeHash), cancellationToken, PairingRecord.Pace(read.Pacing), PairingRecord.Pace(slower)).ConfigureAwait(false);

    public async ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        (bool)await EvaluateAsync(
            Scripts.Replace,
            PairingKey(pairing.DeviceCodeHash),
            cancellationToken,
            pairing.Version,
            PairingRecord.Milliseconds(now),
            PairingRecord.Head(pairing, pairing.Version + 1),
            PairingRecord.Tail(pairing),
            PairingRecord.Milliseconds(pairing.ExpiresAt)).ConfigureAwait(false);

    /// <summary>
    /// Redis does this automatically; call this only to do it sooner. It reads every key of every primary, so call it seldom.
    /// </summary>
    public async ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken)
    {
        var redis = await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var database = redis.GetDatabase(_database);
        var removed = 0;
        foreach (var server in redis.GetServers().Where(server => !server.IsReplica))
        {
            await foreach (var key in server.KeysAsync(database.Database, _pairings + "*", ScanPage).WithCancellation(cancellationToken).ConfigureAwait(false))
            {
                if (removed >= max)
                {
                    return removed;
                }

                var result = await EvaluateAsync(Scripts.RemoveExpired, key, cancellationToken, PairingRecord.Milliseconds(before)).ConfigureAwait(false);
                if ((string?)result is not { } record)
                {
                    continue;
                }

                removed++;
                var deviceCode = key.ToString()[_pairings.Length..];
                if (Read(PairingRecord.Lengthen(deviceCode), record) is { UserCodeHash: var userCode })
                {
                    await EvaluateAsync(Scripts.Release, UserCodeKey(userCode), cancellationToken, deviceCode).ConfigureAwait(false);
                }
            }
        }

        return removed;
    }

    /// <summary>
    /// Sends both keys at once. If only one is written, the device gets no codes: the user code points to nothing, or the pairing waits for a device
    /// that does not know it. Redis expires either.
    /// </summary>
    private async Task<PairingAddition> AddAsync(Pairing pairing)
    {
        var redis = await DatabaseAsync(CancellationToken.None).ConfigureAwait(false);
        var (userCode, key) = (UserCodeKey(pairing.UserCodeHash), PairingKey(pairing.DeviceCodeHash));
        var deviceCode = PairingRecord.Shorten(pairing.DeviceCodeHash);
        var record = $"{PairingRecord.Layout} {PairingRecord.Head(pairing, pairing.Version)} {PairingRecord.Pace(pairing.Pacing)} {PairingRecord.Tail(pairing)}";

        // A duration, not a moment in time: the clocks of this node and of Redis may differ.
        var lifetime = pairing.ExpiresAt - pairing.CreatedAt + Pairing.Retention;
        var addUserCode = redis.StringSetAsync(userCode, deviceCode, lifetime + Pairing.LeastRedeemTime, When.NotExists, Primary);
        var addPairing = redis.StringSetAsync(key, record, lifetime, When.NotExists, Primary);
        await Task.WhenAll(addUserCode, addPairing).ConfigureAwait(false);
        var (hasUserCode, hasPairing) = (await addUserCode.ConfigureAwait(false), await addPairing.ConfigureAwait(false));
        if (hasUserCode && hasPairing)
        {
            return PairingAddition.Added;
        }

        try
        {
            if (hasUserCode)
            {
                await EvaluateAsync(Scripts.Release, userCode, CancellationToken.None, deviceCode).ConfigureAwait(false);
            }

            if (hasPairing)
            {
                await redis.KeyDeleteAsync(key, Primary).ConfigureAwait(false); // nobody has this device code yet
            }
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException)
        {
            // What is left expires.
        }

        return PairingAddition.CodeTaken;
    }

    private Pairing? Read(string deviceCodeHash, string? record)
    {
        if (record is null)
        {
            return null;
        }

        var pairing = PairingRecord.Read(deviceCodeHash, record);
        if (pairing is null)
        {
            logger.RecordUnreadable();
        }

        return pairing;
    }

    /// <summary>Reads as the scripts do. The client's own GETEX always sets or removes the expiry.</summary>
    private static async Task<string?> GetAsync(IDatabase redis, RedisKey key, CancellationToken cancellationToken) =>
        (string?)await redis.ExecuteAsync("GETEX", [key], Primary).WaitAsync(cancellationToken).ConfigureAwait(false);

    private RedisKey PairingKey(string deviceCodeHash) => _pairings + PairingRecord.Shorten(deviceCodeHash);

    private RedisKey UserCodeKey(string userCodeHash) => _userCodes + PairingRecord.Shorten(userCodeHash);

    private async ValueTask<IDatabase> DatabaseAsync(CancellationToken cancellationToken) =>
        (await connection.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false)).GetDatabase(_database);

    /// <summary>Sent as EVALSHA. The client loads the script if a server does not know it.</summary>
    private async Task<RedisResult> EvaluateAsync(string script, RedisKey key, CancellationToken cancellationToken, params RedisValue[] values)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var redis = await DatabaseAsync(cancellationToken).ConfigureAwait(false);
        return await redis.ScriptEvaluateAsync(script, [key], values, Primary).WaitAsync(cancellationToken).ConfigureAwait(false);
    }
}

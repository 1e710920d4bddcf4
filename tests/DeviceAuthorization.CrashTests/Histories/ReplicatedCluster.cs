using System.Diagnostics;

namespace DeviceAuthorization.CrashTests;

/// <summary>A Redis Cluster of three primaries. One of them has a replica, which takes its place when it fails.</summary>
public sealed class ReplicatedCluster : IAsyncLifetime
{
    // Redis silently gives a hand-over up after 5 s (CLUSTER_MF_TIMEOUT). It happens: a primary votes for one shard only once in two node timeouts.
    private static readonly TimeSpan HandOver = TimeSpan.FromSeconds(6);

    private readonly List<RedisServer> _servers = [];

    internal string Configuration => string.Join(',', _servers.Select(server => server.EndPoint));

    /// <summary>The primary that fails.</summary>
    internal RedisServer Primary { get; private set; } = null!;

    internal RedisServer Replica { get; private set; } = null!;

    /// <summary>A hash tag whose keys are all on <see cref="Primary"/>.</summary>
    internal string Tag { get; private set; } = "";

    public async Task InitializeAsync()
    {
        _servers.AddRange(await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RedisServer.StartAsync("--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"))));
        (Primary, Replica) = (_servers[0], _servers[3]);
        await RedisServer.CommandAsync(["--cluster", "create", .. _servers.Take(3).Select(server => server.EndPoint), "--cluster-replicas", "0", "--cluster-yes"]);
        var primary = (await Primary.CliAsync("cluster", "myid")).Trim();
        await Replica.CliAsync("cluster", "meet", "127.0.0.1", $"{Primary.Port}");
        await UntilAsync(async () => (await Replica.CliAsync("cluster", "nodes")).Contains(primary, StringComparison.Ordinal));
        await UntilAsync(async () => (await Replica.CliAsync("cluster", "replicate", primary)).Contains("OK", StringComparison.Ordinal));
        foreach (var server in _servers)
        {
            await UntilAsync(async () => await server.CliAsync("cluster", "info") is var info
                && info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains("cluster_known_nodes:4", StringComparison.Ordinal));
            await UntilAsync(async () => (await server.CliAsync("cluster", "nodes")).Contains($"slave {primary}", StringComparison.Ordinal));
        }

        await UntilReplicatedAsync();
        for (var tag = 0; Tag.Length == 0; tag++)
        {
            var slot = int.Parse(await Primary.CliAsync("cluster", "keyslot", $"{tag}"), System.Globalization.CultureInfo.InvariantCulture);
            Tag = slot <= 5460 ? $"{{{tag}}}:" : ""; // the slots of the first of three
        }
    }

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    /// <summary>Waits until the replica has all that the primary has acknowledged so far.</summary>
    internal async Task UntilReplicatedAsync()
    {
        var written = await OffsetAsync(Primary, "master_repl_offset");
        await UntilAsync(async () => await IsReplicaAsync(Replica) && await OffsetAsync(Replica, "slave_repl_offset") >= written);
    }

    /// <summary>From now on the replica gets nothing, and the primary continues.</summary>
    internal async Task CutOffReplicaAsync()
    {
        await Primary.CliAsync("acl", "setuser", "default", "-psync", "-sync");
        await Primary.CliAsync("client", "kill", "type", "replica");
    }

    /// <summary>The replica takes the place of the primary: by a vote if it noticed the failure, or on command (<c>takeover</c>; none: the primary hands over).</summary>
    internal async Task PromoteAsync(params string[] command)
    {
        long? asked = null;
        await UntilAsync(async () =>
        {
            if (command.Length > 0 && (asked is null || Stopwatch.GetElapsedTime(asked.Value) > HandOver))
            {
                asked = Stopwatch.GetTimestamp();
                await Replica.CliAsync(["cluster", .. command]);
            }

            return (await Replica.CliAsync("role")).StartsWith("master", StringComparison.Ordinal);
        });
        (Primary, Replica) = (Replica, Primary);
    }

    /// <summary>The former primary is a replica, and has caught up.</summary>
    /// <param name="wasKilled">Whether it must be started again.</param>
    internal async Task RejoinAsync(bool wasKilled)
    {
        if (wasKilled)
        {
            await Replica.RestartAsync();
        }

        await UntilAsync(() => IsReplicaAsync(Replica));
        await UntilReplicatedAsync();
    }

    private static async Task<bool> IsReplicaAsync(RedisServer server) =>
        (await server.CliAsync("info", "replication")).Contains("master_link_status:up", StringComparison.Ordinal);

    private static async Task<long> OffsetAsync(RedisServer server, string name) => long.Parse(
        (await server.CliAsync("info", "replication")).Split("\r\n").SingleOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':')[1] ?? "0",
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A cluster does not say when it is ready. So ask, each time with a process.</summary>
    private static async Task UntilAsync(Func<Task<bool>> isReached)
    {
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        while (!await isReached())
        {
            patience.Token.ThrowIfCancellationRequested();
        }
    }
}

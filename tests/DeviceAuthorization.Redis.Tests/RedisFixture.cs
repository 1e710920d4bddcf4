using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace DeviceAuthorization.Redis.Tests;

/// <summary>Servers that the tests of a class share. Each test has a key prefix of its own.</summary>
public abstract class RedisFixture : IAsyncLifetime
{
    private readonly List<RedisServer> _servers = [];

    /// <summary>What a host is given to find them.</summary>
    public string Configuration => string.Join(',', _servers.Select(server => server.EndPoint));

    internal IReadOnlyList<RedisServer> Servers => _servers;

    /// <summary>A connection that tests look with, and not the store's.</summary>
    public ConnectionMultiplexer Redis { get; private set; } = null!;

    public virtual async Task InitializeAsync() => Redis = await ConnectionMultiplexer.ConnectAsync(Configuration);

    public virtual async Task DisposeAsync()
    {
        if (Redis is not null)
        {
            await Redis.DisposeAsync();
        }

        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }

    private protected Task StartAsync(params string[] arguments) => AddAsync(RedisServer.StartAsync(arguments));

    private protected async Task AddAsync(Task<RedisServer> server) => _servers.Add(await server);
}

public sealed class StandaloneRedis : RedisFixture
{
    public override async Task InitializeAsync()
    {
        await StartAsync();
        await base.InitializeAsync();
    }
}

/// <summary>Another server that speaks Redis's protocol, from the repository's tool manifest.</summary>
public sealed class Garnet : RedisFixture
{
    public override async Task InitializeAsync()
    {
        await AddAsync(RedisServer.StartGarnetAsync());
        await base.InitializeAsync();
    }
}

/// <summary>Three primaries without replicas; every slot has its owner when the tests begin.</summary>
public sealed class RedisCluster : RedisFixture
{
    private const int Nodes = 3;

    public override async Task InitializeAsync()
    {
        for (var node = 0; node < Nodes; node++)
        {
            await StartAsync("--cluster-enabled", "yes");
        }

        await RedisServer.CommandAsync(["--cluster", "create", .. Servers.Select(server => server.EndPoint), "--cluster-replicas", "0", "--cluster-yes"]);
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        foreach (var server in Servers)
        {
            while (!await IsReadyAsync(server))
            {
                patience.Token.ThrowIfCancellationRequested(); // a cluster tells nobody that it is ready: each question is a process of its own
            }
        }

        await base.InitializeAsync();
    }

    private static async Task<bool> IsReadyAsync(RedisServer server)
    {
        var info = await RedisServer.CommandAsync("-p", server.Port.ToString(CultureInfo.InvariantCulture), "cluster", "info");
        return info.Contains("cluster_state:ok", StringComparison.Ordinal) && info.Contains($"cluster_known_nodes:{Nodes}", StringComparison.Ordinal);
    }
}

/// <summary>Stores of one test, each over a connection of its own, under one key prefix.</summary>
internal sealed class TestStores(RedisFixture fixture, string? prefix = null)
{
    private readonly ConcurrentBag<ConnectionMultiplexer> _connections = [];

    public string Prefix { get; } = prefix ?? $"test-{Guid.NewGuid():N}:";

    public RedisPairingStore Create(ILogger<RedisPairingStore>? logger = null) => Create(Connect(), logger);

    public RedisPairingStore Create(IConnectionMultiplexer connection, ILogger<RedisPairingStore>? logger = null) => new(
        new RedisConnection(connection), Options.Create(new RedisPairingStoreOptions { KeyPrefix = Prefix }), logger ?? NullLogger<RedisPairingStore>.Instance);

    public IAttemptLimiter CreateLimiter(TimeProvider clock) => new RedisAttemptLimiter(
        new RedisConnection(Connect()), Options.Create(new RedisPairingStoreOptions { KeyPrefix = Prefix }), clock);

    /// <summary>As a host does, over a connection that the host closes.</summary>
    public void AddTo(DeviceAuthorizationBuilder builder) =>
        builder.AddRedisPairingStore(fixture.Configuration).Services.Configure<RedisPairingStoreOptions>(options => options.KeyPrefix = Prefix);

    public ConnectionMultiplexer Connect()
    {
        var connection = ConnectionMultiplexer.Connect(fixture.Configuration);
        _connections.Add(connection);
        return connection;
    }

    public RedisKey PairingKey(Pairing pairing) => $"{Prefix}p:{PairingRecord.Shorten(pairing.DeviceCodeHash)}";

    public RedisKey UserCodeKey(Pairing pairing) => $"{Prefix}u:{PairingRecord.Shorten(pairing.UserCodeHash)}";

    /// <summary>Every key of the test and what it holds, on every node.</summary>
    public async Task<string> DumpAsync()
    {
        var dump = new StringBuilder();
        foreach (var server in fixture.Redis.GetServers())
        {
            await foreach (var key in server.KeysAsync(pattern: Prefix + "*"))
            {
                dump.Append(key).Append(' ').Append(await fixture.Redis.GetDatabase().StringGetAsync(key)).Append('\n');
            }
        }

        return dump.ToString();
    }

    public async Task CloseAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }
}

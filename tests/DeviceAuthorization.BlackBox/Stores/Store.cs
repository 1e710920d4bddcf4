namespace DeviceAuthorization.BlackBox;

/// <summary>
/// The hosts of one kind of store. Each is started when a test first needs it: the sample where that can do it, else the host for tests. With
/// <c>PAIRING_BASE_URL</c> nothing is started. That host is the ordinary one, and tests that need another are skipped and say so.
/// </summary>
public abstract class Store : IAsyncLifetime
{
    /// <summary>Of the links that hosts show; a <c>Host</c> header says something else.</summary>
    public const string Origin = "https://pairing.test";

    /// <summary>Limits that only a few tests are about do not disturb the others.</summary>
    private static readonly string[] Ordinary =
    [
        $"--DeviceAuthorization:PublicOrigin={Origin}",
        "--DeviceAuthorization:MaxLivePairings=100000",
        "--DeviceAuthorization:MaxTokensPerUser=10000",
        "--DeviceAuthorization:MaxDevicesPerUser=10000",
        "--DeviceAuthorization:AllowWeakUserCodes=true",
        "--DeviceAuthorization:RateLimits:Enabled=false",
    ];

    private readonly List<IAsyncDisposable> _started = [];
    private bool _isOver;
    private Task<ExpiryStory>? _expiry;

    private Task<(Host Host, Storage Storage)>? _main, _registered;
    private Task<(Host Host, Codes[] Waiting)>? _limited;
    private Task<Host>? _secondNode;

    public static Uri? External { get; } = Environment.GetEnvironmentVariable("PAIRING_BASE_URL") is { Length: > 0 } url ? new Uri(url) : null;

    /// <summary>The host for almost every test.</summary>
    internal async Task<Host> MainAsync() => External is null ? (await StartMainAsync()).Host : new Host(External);

    internal async Task<Storage> MainStorageAsync()
    {
        Skip.IfNot(External is null, "Needs a store that the tests can break.");
        return (await StartMainAsync()).Storage;
    }

    /// <summary>Another node on the store of the ordinary host; itself where the store is its memory.</summary>
    internal async Task<Host> SecondNodeAsync() => External is null && HasNodes
        ? await (_secondNode ??= StartNodeAsync())
        : await MainAsync();

    /// <summary>The default limits, but 20 unknown device codes a minute. And pairings that were started before a test exhausts a limit.</summary>
    internal Task<(Host Host, Codes[] Waiting)> LimitedAsync()
    {
        Skip.IfNot(External is null, "Needs a host whose limits are on and not used up.");
        return _limited ??= StartLimitedAsync();
    }

    /// <summary>Clients are registered, one with a secret and one that may introspect. In production, behind a proxy that the host trusts.</summary>
    internal async Task<Host> RegisteredAsync()
    {
        Skip.IfNot(External is null, "Needs a host with registered clients, in production.");
        return (await (_registered ??= StartAsync(
            HostProgram.BlackBoxHost,
            "Production",
            [
                .. Ordinary,
                "--DeviceAuthorization:Clients:handheld:DisplayName=Handheld",
                "--DeviceAuthorization:Clients:handheld:AllowedScopes:0=me.read",
                $"--DeviceAuthorization:Clients:tv-app:Secret={Clients.TvSecret}",
                $"--DeviceAuthorization:Clients:library-api:Secret={Clients.ApiSecret}",
                "--DeviceAuthorization:Clients:library-api:MayIntrospect=true",
            ]))).Host;
    }

    /// <summary>A story of one minute, which is played while the other tests run.</summary>
    internal Task<ExpiryStory> ExpiryAsync()
    {
        Skip.IfNot(External is null, "Needs a host whose pairings live for one minute, and a store that the tests can empty.");
        return _expiry!;
    }

    public async Task InitializeAsync()
    {
        if (External is null)
        {
            await StartServersAsync();
            _expiry = PlayAsync();
        }
    }

    public async Task DisposeAsync()
    {
        IAsyncDisposable[] all;
        lock (_started)
        {
            _isOver = true;
            all = [.. Enumerable.Reverse(_started)];
        }

        foreach (var started in all)
        {
            await started.DisposeAsync();
        }

        await StopServersAsync();
    }

    internal abstract Task<Storage> CreateStorageAsync();

    protected virtual bool HasNodes => true;

    /// <summary>What runs as the ordinary host.</summary>
    private protected virtual HostProgram Program => HostProgram.PairingHost;

    protected virtual Task StartServersAsync() => Task.CompletedTask;

    protected virtual Task StopServersAsync() => Task.CompletedTask;

    private Task<(Host Host, Storage Storage)> StartMainAsync() => _main ??= StartAsync(Program, "Development", Ordinary);

    private async Task<(Host Host, Codes[] Waiting)> StartLimitedAsync()
    {
        var (host, _) = await StartAsync(
            HostProgram.BlackBoxHost, // it has a third user
            "Development",
            [$"--DeviceAuthorization:PublicOrigin={Origin}", "--DeviceAuthorization:RateLimits:UnknownDeviceCodesPerMinute=20"]);
        return (host, [await host.Client.StartAsync(), await host.Client.StartAsync(), await host.Client.StartAsync(), await host.Client.StartAsync()]);
    }

    private async Task<Host> StartNodeAsync()
    {
        var (_, storage) = await StartMainAsync();
        return await StartAsync(Program, "Development", storage, Ordinary);
    }

    private async Task<ExpiryStory> PlayAsync()
    {
        var (host, storage) = await StartAsync(Program, "Development", [.. Ordinary, "--DeviceAuthorization:PairingLifetime=00:01:00"]);
        return await ExpiryStory.PlayAsync(host, async () =>
        {
            if (storage is MemoryStorage)
            {
                return (await StartAsync(Program, "Development", Ordinary)).Host; // as after a restart
            }

            await storage.ForgetPairingsAsync();
            return host;
        });
    }

    private async Task<(Host Host, Storage Storage)> StartAsync(HostProgram program, string environment, string[] settings)
    {
        var storage = await CreateStorageAsync();
        await KeepAsync(storage);
        return (await StartAsync(program, environment, storage, settings), storage);
    }

    private async Task<Host> StartAsync(HostProgram program, string environment, Storage storage, string[] settings)
    {
        var process = await HostProcess.StartAsync(program, environment, [.. storage.Settings(program), .. settings]);
        await KeepAsync(process);
        return new Host(process.Address);
    }

    /// <summary>Stops it with the store, or at once if the store has stopped already: a story that no test waits for may start a host late.</summary>
    private async Task KeepAsync(IAsyncDisposable started)
    {
        bool isLate;
        lock (_started)
        {
            isLate = _isOver;
            _started.Add(started);
        }

        if (isLate)
        {
            await started.DisposeAsync();
        }
    }
}

public sealed class MemoryStore : Store
{
    protected override bool HasNodes => false;

    /// <summary>The sample always has a database.</summary>
    private protected override HostProgram Program => HostProgram.BlackBoxHost;

    internal override Task<Storage> CreateStorageAsync() => Task.FromResult<Storage>(new MemoryStorage());
}

public sealed class SqliteStore : Store
{
    internal override Task<Storage> CreateStorageAsync() => Task.FromResult<Storage>(new SqliteStorage());
}

public class PostgresStore : Store
{
    internal PostgresServer Server { get; } = new();

    internal override async Task<Storage> CreateStorageAsync() => await PostgresStorage.CreateAsync(Server);

    protected override Task StartServersAsync() => Server.InitializeAsync();

    protected override Task StopServersAsync() => Server.DisposeAsync();
}

public sealed class RedisStore : PostgresStore
{
    internal override async Task<Storage> CreateStorageAsync() => await RedisStorage.CreateAsync(Server);
}

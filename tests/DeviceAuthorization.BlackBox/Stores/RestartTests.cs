namespace DeviceAuthorization.BlackBox;

/// <summary>A host is killed and started again, with every combination of stores.</summary>
public sealed class RestartTests(RestartTests.Servers servers) : IClassFixture<RestartTests.Servers>, IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("da-black-box-");

    public static IEnumerable<object[]> All =>
        from pairings in (string[])["memory", "sqlite", "postgres", "redis"]
        from devices in (string[])["memory", "sqlite", "postgres"]
        select (object[])[pairings, devices];

    public void Dispose() => _folder.Delete(recursive: true);

    [SkippableTheory]
    [MemberData(nameof(All))]
    public async Task What_is_in_a_store_that_lasts_outlives_a_restart(string pairings, string devices)
    {
        Skip.IfNot(Store.External is null, "Needs a host that the tests can restart.");
        var settings = await SettingsAsync(pairings, devices);
        Answer paired;
        Codes waiting;
        await using (var process = await HostProcess.StartAsync(HostProgram.BlackBoxHost, "Development", settings))
        {
            var before = new Host(process.Address);
            var codes = await StartAsync(before, "tv-1");
            (await (await before.SignInAsync("alice")).ApproveAsync(codes)).Is(200);
            paired = (await PollAsync(before, codes)).Is(200);
            Assert.Equal((200, paired.Text("device_id")), await WhoAsync(before, paired));
            waiting = await StartAsync(before, "tv-2");
        }

        await using var again = await HostProcess.StartAsync(HostProgram.BlackBoxHost, "Development", settings);
        var after = new Host(again.Address);
        Assert.Equal(devices == "memory" ? (401, null) : (200, paired.Text("device_id")), await WhoAsync(after, paired));
        if (pairings == "memory")
        {
            Assert.Equal("expired_token", (await PollAsync(after, waiting)).Text("detail")); // unknown, so the device starts again
            return;
        }

        (await (await after.SignInAsync("alice")).ApproveAsync(waiting)).Is(200);
        var late = await PollAsync(after, waiting);
        Assert.Equal((200, late.Text("device_id")), await WhoAsync(after, late));
    }

    private static async Task<Codes> StartAsync(Host host, string identifier)
    {
        var started = (await host.Client.PostJsonAsync(
            Host.Init, $$"""{"client_device_identifier":"{{identifier}}","name":"TV","client":"grout","requested_scopes":["me.read"]}""")).Is(201);
        return new Codes(started.Text("device_code")!, started.Text("user_code")!, "grout");
    }

    private static Task<Answer> PollAsync(Host host, Codes codes) => host.Client.PostJsonAsync(Host.Token, $$"""{"device_code":"{{codes.DeviceCode}}"}""");

    private static async Task<(int Status, string? Device)> WhoAsync(Host host, Answer paired)
    {
        var me = await host.Client.WithBearerAsync(paired.Text("access_token")!);
        return (me.Status, me.Status == 200 ? me.Text("current_device_id") : null);
    }

    /// <summary>The host gets only the connection strings it needs, so it can use nothing else.</summary>
    private async Task<string[]> SettingsAsync(string pairings, string devices)
    {
        string[] used = [pairings, devices];
        return
        [
            $"--Stores:Pairings={pairings}",
            $"--Stores:Devices={devices}",
            .. used.Contains("sqlite") ? [$"--ConnectionStrings:Sqlite=Data Source={Path.Combine(_folder.FullName, "host.db")}"] : (string[])[],
            .. used.Contains("postgres") ? [$"--ConnectionStrings:Postgres={await servers.Postgres.CreateDatabaseAsync()}"] : (string[])[],
            .. used.Contains("redis")
                ? [$"--ConnectionStrings:Redis={servers.Redis.EndPoint}", $"--DeviceAuthorization:Redis:KeyPrefix=test-{Guid.NewGuid():N}:"]
                : (string[])[],
        ];
    }

    public sealed class Servers : IAsyncLifetime
    {
        public PostgresServer Postgres { get; } = new();

        internal RedisServer Redis { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            if (Store.External is null)
            {
                await Postgres.InitializeAsync();
                Redis = await RedisServer.StartAsync();
            }
        }

        public async Task DisposeAsync()
        {
            await Postgres.DisposeAsync();
            if (Redis is not null)
            {
                await Redis.DisposeAsync();
            }
        }
    }
}

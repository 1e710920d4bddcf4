namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sample as a native binary, published for these tests, and a Redis for its pairings.</summary>
public sealed class AotHostServer : IAsyncLifetime
{
    public const string BackendSecret = "a secret of the backend, long enough to be one";

    private static readonly string Project = Path.Combine(Repository.Root, "samples", "AotHost", "AotHost.csproj");

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("aot-host-");
    private ListeningProcess? _process;

    public RedisServer Redis { get; private set; } = null!;

    /// <summary>What it logged so far.</summary>
    public string Log => _process!.ToString();

    public async Task InitializeAsync()
    {
        Redis = await RedisServer.StartAsync();

        // What it refers to was built before this test, and is not written to. Debug symbols would take longer.
        var output = await Sdk.RunAsync(
            _folder.FullName,
            "publish", Project, "-c", Sdk.Configuration, "-o", _folder.FullName, "-warnaserror", "-nodeReuse:false", "-p:BuildProjectReferences=false", "-p:RestoreRecursive=false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:DebugType=none");
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
        _process = await ListeningProcess.StartAsync(_folder.FullName, Path.Combine(_folder.FullName, "AotHost"), [
            $"--ConnectionStrings:Redis={Redis.EndPoint}",
            "--DeviceAuthorization:Redis:KeyPrefix=native:",
            "--DeviceAuthorization:PollingInterval=00:00:07",
            "--DeviceAuthorization:UserCode:Length=10",
            "--DeviceAuthorization:NumberMatching=Off",
            "--DeviceAuthorization:RateLimits:CodesPerUser=50",
            "--DeviceAuthorization:RateLimits:CodesPerAddress=50",
            "--DeviceAuthorization:RateLimits:StartsPerMinute=50",
            "--DeviceAuthorization:TokenLifetimes:week=7.00:00:00",
            "--DeviceAuthorization:Page:ProductName=Cartridge",
            "--DeviceAuthorization:Securty=Strict",
            "--DeviceAuthorization:Clients:tv:DisplayName=Cartridge TV",
            "--DeviceAuthorization:Clients:grout:AllowedScopes:0=library.read",
            $"--DeviceAuthorization:Clients:backend:Secret={BackendSecret}",
            "--DeviceAuthorization:Clients:backend:MayIntrospect=true",
        ]);
    }

    /// <summary>Runs the binary to its end, with settings that it refuses.</summary>
    public Task<(int ExitCode, string Output)> RefuseAsync(params string[] settings) =>
        ListeningProcess.RunAsync(_folder.FullName, Path.Combine(_folder.FullName, "AotHost"), ["--urls=http://127.0.0.1:0", .. settings]);

    public HttpClient Client() => _process!.Client();

    /// <summary>A person who has signed in.</summary>
    public async Task<HttpClient> SignInAsync(string user)
    {
        var person = Client();
        using var answer = await person.PostPageAsync(
            "/login?returnUrl=/pair/device",
            ("__RequestVerificationToken", Browser.Antiforgery(await person.GetStringAsync("/login"))), ("username", user), ("password", "demo"));
        Assert.Contains("name=\"user_code\"", await answer.HtmlAsync(), StringComparison.Ordinal);
        return person;
    }

    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        await Redis.DisposeAsync();
        _folder.Delete(recursive: true);
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Testing;

/// <summary>One node of a host, in this process: the whole flow over HTTP. The test controls its clock and its store calls.</summary>
internal sealed class PairingNode : IAsyncDisposable
{
    private const string Inner = "the store of the author";

    private readonly WebApplication _app;
    private readonly TestServer _server;
    private readonly OpenRequests _requests;
    private readonly List<HttpClient> _clients = [];

    private PairingNode(WebApplication app, FakeTimeProvider clock, Interceptor pairings, Interceptor devices, NodeLogs logs, OpenRequests requests)
    {
        (_app, _server, Clock, Pairings, Devices, Logs, _requests) = (app, app.GetTestServer(), clock, pairings, devices, logs, requests);
        Http = Client(_server.CreateHandler());
    }

    public FakeTimeProvider Clock { get; }

    /// <summary>Holds or fails this node's calls to the pairing store.</summary>
    public Interceptor Pairings { get; }

    /// <summary>Holds or fails this node's calls to the device repository.</summary>
    public Interceptor Devices { get; }

    /// <summary>Every line that this node logged, from Trace on.</summary>
    public NodeLogs Logs { get; }

    public HttpClient Http { get; }

    public IServiceProvider Services => _app.Services;

    /// <param name="addStores">Registers the author's stores.</param>
    /// <param name="first">The first node. It shares what the author does not register.</param>
    /// <param name="policy">The host's accounts.</param>
    /// <param name="adding">Changes each added pairing, to make codes collide.</param>
    public static async Task<PairingNode> StartAsync(
        Action<DeviceAuthorizationBuilder> addStores,
        PairingNode? first,
        IPairingPolicy policy,
        Func<Pairing, Pairing>? adding,
        Action<DeviceAuthorizationOptions>? configure)
    {
        var (clock, logs) = (new FakeTimeProvider(first?.Clock.GetUtcNow() ?? TestData.Start), new NodeLogs());
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Test" });
        builder.WebHost.UseTestServer(server => server.BaseAddress = new Uri("https://pairing.example"));
        builder.Logging.AddProvider(logs).SetMinimumLevel(LogLevel.Trace);
        builder.Services.AddSingleton<TimeProvider>(clock);
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddSingleton(policy);
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover().AddDeviceToken();
        if (first is not null)
        {
            builder.Services.AddSingleton(first.Services.GetRequiredKeyedService<IPairingStore>(Inner));
            builder.Services.AddSingleton(first.Services.GetRequiredKeyedService<IDeviceRepository>(Inner));
        }

        addStores(builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://pairing.example");
            options.Scopes.Add("read", "Read");
            options.Scopes.Add("write", "Write");
            options.StoreTimeout = Timeout.InfiniteTimeSpan; // tests hold a call while the clock goes on
            options.RateLimits.Enabled = false; // every device of a test has the same address
            configure?.Invoke(options);
        }));
        var (pairings, devices) = (new Interceptor(), new Interceptor());
        Wrap<IPairingStore>(builder.Services, store => new InterceptedPairingStore(store, pairings) { Adding = adding ?? (pairing => pairing) });
        Wrap<IDeviceRepository>(builder.Services, repository => new InterceptedDeviceRepository(repository, devices));

        var app = builder.Build();
        var requests = new OpenRequests();
        app.Use(requests.InvokeAsync);
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDeviceAuthorization();
        app.MapDevicePairingPage();
        app.MapGet("/who", (PairedDevice device) => Results.Json(new { user = device.UserId })).RequirePairedDevice();
        await app.StartAsync();
        return new PairingNode(app, clock, pairings, devices, logs, requests);
    }

    public DeviceSimulator Device(
        string? key = null, string clientId = "tv", string name = "TV", string? identifier = null, DelegatingHandler? handler = null,
        Action<int>? showNumber = null, TimeSpan wait = default)
    {
        if (handler is not null)
        {
            handler.InnerHandler = _server.CreateHandler();
        }

        return new DeviceSimulator(handler is null ? Http : Client(handler), Clock)
        {
            ClientId = clientId,
            Name = name,
            Identifier = identifier,
            IdempotencyKey = key,
            ShowNumber = showNumber,
            Wait = wait,
            Scopes = ["read", "write"],
        };
    }

    public ApproverSimulator Approver(string userId, DelegatingHandler? handler = null)
    {
        if (handler is not null)
        {
            handler.InnerHandler = _server.CreateHandler();
        }

        return new ApproverSimulator(handler is null ? Http : Client(handler), userId);
    }

    /// <summary>The user whose device calls with a token; null if the token is refused.</summary>
    public async Task<string?> WhoAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/who") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await Http.SendAsync(request);
        return response.StatusCode == HttpStatusCode.Unauthorized
            ? null
            : (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("user").GetString();
    }

    public Task<ApproverResult> ClaimAsync(string userCode, string userId) =>
        InScopeAsync(services => services.GetRequiredService<ApproverFlow>().EnterAsync(Code(userCode), new Approver(userId)));

    /// <summary>Approves as the page does, which can do number matching.</summary>
    public Task<ApproverResult> ApproveComparingAsync(string userCode, string userId, IReadOnlyList<string> scopes) =>
        InScopeAsync(services => services.GetRequiredService<ApproverFlow>().ApproveAsync(
            Code(userCode), new Approver(userId), new Approval { Scopes = scopes, SupportsNumberMatching = true }));

    public Task<ApproverResult> MatchAsync(string userCode, string userId, int number) =>
        InScopeAsync(services => services.GetRequiredService<ApproverFlow>().ChooseNumberAsync(Code(userCode), new Approver(userId), number));

    public Task<SignOutResult> SignOutAsync(string userId, SignOutDevices devices = SignOutDevices.Keep) =>
        InScopeAsync(services => services.GetRequiredService<DeviceAccess>().SignOutEverywhereAsync(userId, devices));

    public Task<IReadOnlyList<AccessToken>> LiveTokensAsync(string userId) =>
        InScopeAsync(services => services.GetRequiredService<IDeviceRepository>().ListTokensAsync(userId, default).AsTask());

    public Task<IReadOnlyList<Device>> DevicesAsync(string userId) =>
        InScopeAsync(services => services.GetRequiredService<IDeviceRepository>().ListAsync(userId, default).AsTask());

    public Task<Pairing?> FindAsync(string userCode) =>
        InScopeAsync(services => services.GetRequiredService<IPairingStore>().FindByUserCodeAsync(Hash(userCode), default).AsTask());

    public Task<int> RemoveExpiredAsync(DateTimeOffset before) =>
        InScopeAsync(services => services.GetRequiredService<IPairingStore>().RemoveExpiredAsync(before, int.MaxValue, default).AsTask());

    public string Hash(string userCode) => Code(userCode).Hash();

    private UserCode Code(string userCode) =>
        Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.UserCode.TryParse(userCode, out var code)
            ? code
            : throw new ArgumentException("No user code.", nameof(userCode));

    public async ValueTask DisposeAsync()
    {
        await _requests.EndAsync();
        _clients.ForEach(client => client.Dispose());
        await _app.DisposeAsync();
    }

    /// <summary>Puts an interceptor between the flow and a registered service, with the same lifetime.</summary>
    private static void Wrap<T>(IServiceCollection services, Func<T, T> wrap)
        where T : class
    {
        var registered = services.Last(service => service.ServiceType == typeof(T));
        services.Remove(registered);
        services.Add(registered switch
        {
            { ImplementationInstance: { } instance } => new ServiceDescriptor(typeof(T), Inner, instance),
            { ImplementationFactory: { } factory } => new ServiceDescriptor(typeof(T), Inner, (provider, _) => factory(provider), registered.Lifetime),
            _ => new ServiceDescriptor(typeof(T), Inner, registered.ImplementationType!, registered.Lifetime),
        });
        services.Add(new ServiceDescriptor(typeof(T), provider => wrap(provider.GetRequiredKeyedService<T>(Inner)), registered.Lifetime));
    }

    private HttpClient Client(HttpMessageHandler handler)
    {
        var client = new HttpClient(handler) { BaseAddress = _server.BaseAddress };
        _clients.Add(client);
        return client;
    }

    private async Task<T> InScopeAsync<T>(Func<IServiceProvider, Task<T>> step)
    {
        await using var scope = Services.CreateAsyncScope(); // as a request
        return await step(scope.ServiceProvider);
    }
}

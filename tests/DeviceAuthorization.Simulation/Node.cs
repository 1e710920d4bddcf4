using System.Net;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Simulation;

/// <summary>A request on its way to a node.</summary>
internal sealed record Message(string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body, IPAddress Address);

/// <summary>What a node answers.</summary>
internal sealed record Answer(int Status, IReadOnlyList<KeyValuePair<string, string>> Headers, byte[] Body);

/// <summary>
/// One process of the host: the library with its endpoints, bearer authentication and ASP.NET Core's routing, over the shared stores. It has its own services, caches,
/// held polls and clock. A restart makes a new one.
/// </summary>
internal sealed class Node
{
    // Routes and middleware hold no state of a node: each request brings the services of its node. So they are built once.
    private static readonly (RequestDelegate Pipeline, ServiceDescriptor[] Services) Shared = Build();

    /// <summary>The library's own limiter, as it registers it.</summary>
    public static readonly ServiceDescriptor LimiterOfLibrary = Shared.Services.Single(service => service.ServiceType == typeof(IAttemptLimiter));

    private readonly ServiceProvider _services;
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    public Node(World world, string name, TimeSpan skew)
    {
        (Name, Clock) = (name, new SimulatedClock(world.Scheduler, Life, skew));
        var stores = world.Stores(world, this);
        var services = new ServiceCollection();
        Array.ForEach(Shared.Services, ((ICollection<ServiceDescriptor>)services).Add);
        services
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton<IPairingStore>(stores)
            .AddSingleton<IDeviceRepository>(stores)
            .AddSingleton<IPairingPolicy>(stores)
            .AddSingleton(world.Limiter)
            .AddSingleton<IPairingEvents>(world.Invariants)
            .AddSingleton<ILoggerFactory>(world.Invariants)
            .AddSingleton<IHostApplicationLifetime>(_lifetime)
            .AddKeyedSingleton<TaskScheduler>("DeviceAuthorization.HeldPolls", new SimulatedThreads(world.Scheduler, world.Dice, Life))
            .Configure<DeviceAuthorizationOptions>(world.Configure);
        if (world.Plan.HasSignals)
        {
            services.AddSingleton<IPairingSignals>(new SimulatedSignals(world, this));
        }

        _services = services.BuildServiceProvider();
    }

    public string Name { get; }

    public Life Life { get; } = new();

    public TimeProvider Clock { get; }

    /// <summary>What a request does when this process dies.</summary>
    public List<Action> Open { get; } = [];

    public bool IsStopping { get; private set; }

    /// <summary>As ASP.NET Core does on SIGTERM: held polls are answered now.</summary>
    public void BeginToStop()
    {
        IsStopping = true;
        _lifetime.StopApplication();
    }

    /// <summary>Calls the library as a page of the host does.</summary>
    public async Task<T> CallAsync<T>(Func<IServiceProvider, Task<T>> call)
    {
        await using var scope = _services.CreateAsyncScope();
        return await call(scope.ServiceProvider);
    }

    public async Task<Answer> ServeAsync(Message request, CancellationToken aborted)
    {
        var scope = _services.CreateAsyncScope();
        var (response, body) = (new Response(), new MemoryStream());
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(response);
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(body));
        var context = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider, RequestAborted = aborted };
        context.Connection.RemoteIpAddress = request.Address;
        var (path, query) = request.Path.Split('?') is [var before, var after] ? (before, "?" + after) : (request.Path, "");
        (context.Request.Method, context.Request.Scheme, context.Request.Host) = (request.Method, "https", new HostString("tv.example.com"));
        (context.Request.Path, context.Request.QueryString) = (PathString.FromUriComponent(path), new QueryString(query));
        (context.Request.Body, context.Request.ContentLength) = (new MemoryStream(request.Body), request.Body.Length > 0 ? request.Body.Length : null);
        foreach (var (header, value) in request.Headers)
        {
            context.Request.Headers.Append(header, value);
        }

        await Shared.Pipeline(context);
        await context.Response.CompleteAsync();
        _ = EndAsync(scope, response); // the answer does not wait for this
        return new Answer(
            context.Response.StatusCode,
            [.. context.Response.Headers.SelectMany(header => header.Value, (header, value) => KeyValuePair.Create(header.Key, value ?? ""))],
            body.ToArray());
    }

    private static async Task EndAsync(AsyncServiceScope scope, Response response)
    {
        foreach (var (callback, state) in response.Completed)
        {
            await callback(state);
        }

        await scope.DisposeAsync();
    }

    private static (RequestDelegate, ServiceDescriptor[]) Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Test" });
        builder.WebHost.UseTestServer(); // never started: a node gets its requests directly
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover().AddDeviceToken();
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes.Add("read", "Read");
            options.Scopes.Add("write", "Write");
        });
        var app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDeviceAuthorization();
        app.MapDevices();
        app.MapGet("/library", (PairedDevice device) => device.Id).RequireScope("read");
        app.UseEndpoints(_ => { });
        return (((IApplicationBuilder)app).Build(), [.. builder.Services, ServiceDescriptor.Singleton(app.Services.GetRequiredService<IOptions<JsonOptions>>())]);
    }

    private sealed class Response : HttpResponseFeature
    {
        public List<(Func<object, Task> Callback, object State)> Completed { get; } = [];

        public override void OnCompleted(Func<object, Task> callback, object state) => Completed.Add((callback, state));
    }
}

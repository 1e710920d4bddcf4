using System.Net;
using System.Text;
using System.Text.Json;
using DeviceAuthorization.ModelCheck;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.TestHost;
using static DeviceAuthorization.Fuzzing.BrokenException;

namespace DeviceAuthorization.Fuzzing;

/// <summary>
/// Whole requests to a whole host, without a socket: a line with method and path, headers, an empty line, a body. Each one finds the same pairings,
/// devices and tokens.
/// </summary>
internal static class HttpTarget
{
    private const string UserCode = "BCDFGHJK";
    private const string Secret = "zq9secret";
    private static readonly int[] Declared = [200, 201, 204, 303, 400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429];
    private static readonly string[] Endpoints =
    [
        "POST /api/auth/device/init", "POST /api/auth/device/token", "POST /api/auth/device/revoke", "POST /api/auth/device/approve", "POST /api/auth/device/deny",
        "POST /api/auth/device/introspect", "GET /api/auth/device/pending/", "GET /api/devices", "POST /api/devices", "PUT /api/devices/1", "PATCH /api/devices/1", "DELETE /api/devices/1",
        "GET /api/client-tokens", "POST /api/client-tokens", "GET /pair/device", "POST /pair/device", "GET /pair/devices", "POST /pair/devices/rename", "GET /.well-known/oauth-authorization-server",
        "GET /library",
    ];

    private static readonly Stores Store = new();
    private static readonly (RequestDelegate Pipeline, IServiceProvider Services) Host = Build();

    /// <summary>The services of that host.</summary>
    public static IServiceProvider Services => Host.Services;

    public static Target Target => new(
        "http",
        [
            .. Endpoints, .. Endpoints.Select(endpoint => endpoint.Split(' ')[1]), "\n", "\n\n", "Content-Type: application/json\n", "Content-Type: application/x-www-form-urlencoded\n",
            "Authorization: Bearer ", TextTargets.Token.Reveal(), "Authorization: Basic Y29uZmlkZW50aWFsOmhUM2tROXZXejdMbU4yYlhjNVJmWXA=\n", "X-Fake-Approver: alice\n", "X-Fake-Approver: 7\n", "Prefer: wait=0\n",
            "Idempotency-Key: k\n", "Origin: https://a\n", "Cookie: da.code=", "Sec-Fetch-Site: same-origin\n", "Accept-Language: de\n", UserCode, "?user_code=", "client_id=tv", "&device_code=",
            Code('A'), Code('B'), Code('C'), "&grant_type=urn:ietf:params:oauth:grant-type:device_code", "&scope=read", "token=", "{\"user_code\":\"", "\"approved_scopes\":[\"read\"]",
            "\"sync_config\":{\"password\":\"x\"}", "\"name\":\"<zq\"", "%00", "%ff", "\ud800",
        ],
        ["200", "201", "204", "400", "401", "403", "404", "405", "422"],
        Run)
    {
        Executions = 2_000,
        Longest = 2048,
    };

    private static string Run(byte[] input)
    {
        Store.Current = Store.First;
        var text = Encoding.Latin1.GetString(input).Split("\n\n", 2);
        var head = text[0].Split('\n');
        var (method, path) = head[0].Split(' ', 2) is [var verb, var rest] ? (verb, rest) : ("GET", head[0]);
        using var scope = Services.CreateScope();
        using var answer = new MemoryStream();
        var features = new FeatureCollection();
        features.Set<IHttpRequestFeature>(new HttpRequestFeature());
        features.Set<IHttpResponseFeature>(new HttpResponseFeature());
        features.Set<IHttpResponseBodyFeature>(new StreamResponseBodyFeature(answer));
        var context = new DefaultHttpContext(features) { RequestServices = scope.ServiceProvider };
        context.Connection.RemoteIpAddress = IPAddress.Parse("2001:db8::7");
        var (request, body) = (context.Request, Encoding.Latin1.GetBytes(text.ElementAtOrDefault(1) ?? ""));
        var parts = path.Split('?', 2);
        (request.Method, request.Scheme, request.Host) = (method, "https", new HostString("tv.example.com"));
        try
        {
            (request.Path, request.QueryString) = (PathString.FromUriComponent("/" + parts[0].TrimStart('/')), new QueryString(parts is [_, var query] ? "?" + query : ""));
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            return "no request"; // a server would not give it to the host
        }

        (request.Body, request.ContentLength) = (new MemoryStream(body), body.Length > 0 ? body.Length : null);
        foreach (var header in head.Skip(1).Select(line => line.Split(':', 2)).Where(header => header.Length == 2 && header[0].Length > 0 && !header[0].StartsWith("Content-Length", StringComparison.OrdinalIgnoreCase)))
        {
            request.Headers.Append(header[0], header[1].Trim(' '));
        }

        Host.Pipeline(context).Now();
        context.Response.CompleteAsync().Now();
        Check(context, Encoding.UTF8.GetString(answer.ToArray()));
        return $"{context.Response.StatusCode}";
    }

    private static void Check(HttpContext context, string body)
    {
        var (request, response) = (context.Request, context.Response);
        Unless(Declared.Contains(response.StatusCode), $"The status is a declared one: {response.StatusCode}");
        Unless(response.Headers.All(header => header.Value.All(value => value?.AsSpan().IndexOfAny('\r', '\n') < 0)), "A header is one line");
        var location = response.Headers.Location.ToString();
        Unless(location.Length == 0 || (location[0] == '/' && !location.StartsWith("//", StringComparison.Ordinal) && !location.StartsWith("/\\", StringComparison.Ordinal)), $"A redirect stays at this host: {location}");
        Unless(!body.Contains(Secret, StringComparison.Ordinal) && !Store.First.Tokens.Exists(token => body.Contains(token.Hash, StringComparison.Ordinal)), "No secret is in an answer");
        if (response.ContentType?.Contains("json", StringComparison.Ordinal) == true && body.Length > 0)
        {
            using var json = JsonDocument.Parse(body, new() { AllowDuplicateProperties = false });
            Unless(response.StatusCode < 400 || (json.RootElement.ValueKind == JsonValueKind.Object && (json.RootElement.TryGetProperty("error", out _) || json.RootElement.TryGetProperty("detail", out _))), "An error has an error or a detail");
        }
        else
        {
            Unless(!body.Contains("<zq", StringComparison.Ordinal), "A page shows text as text");
        }

        var isAnonymous = request.Headers.Authorization.Count == 0 && request.Headers["X-Fake-Approver"].Count == 0;
        Unless(!isAnonymous || (ReferenceEquals(Store.Current.Devices, Store.First.Devices) && Store.Current.Pairings.All(pairing => Store.First.ById(pairing.Id) is not { Status: PairingStatus.Pending } || pairing.Status is PairingStatus.Pending or PairingStatus.Withdrawn)), "Who is not signed in decides nothing");
    }

    private static (RequestDelegate, IServiceProvider) Build()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { EnvironmentName = "Test" });
        builder.WebHost.UseTestServer(); // never started: requests come directly
        builder.Services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider());
        builder.Services.AddRouting();
        builder.Services.AddAuthentication(FakeApproverDefaults.AuthenticationScheme).AddFakeApprover().AddDeviceToken();
        builder.Services.AddSingleton<TimeProvider>(new Frozen());
        builder.Services.AddSingleton<IPairingStore>(Store).AddSingleton<IDeviceRepository>(Store).AddSingleton<IPairingPolicy>(Store).AddSingleton<IAttemptLimiter>(new Unlimited());
        builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes.Add("read", "Read");
            options.Scopes.Add("write", "Write");
            options.MaxPollWait = TimeSpan.Zero; // the simulation holds polls
            options.Clients.Add("tv", new() { DisplayName = "TV" });
            options.Clients.Add("confidential", new() { Secret = TextTargets.Secret, MayIntrospect = true });
        });
        var app = builder.Build();
        app.UseRouting();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapDeviceAuthorization();
        app.MapDeviceAuthorizationMetadata();
        app.MapTokenIntrospection();
        app.MapDevices();
        app.MapClientTokens();
        app.MapDevicePairingPage();
        app.MapDevicesPage();
        app.MapGet("/library", (PairedDevice device) => device.Id).RequireScope("read");
        app.UseEndpoints(_ => { });
        return (((IApplicationBuilder)app).Build(), app.Services);
    }

    /// <summary>A device code: 43 times the same letter.</summary>
    private static string Code(char letter) => new(letter, 43);

    private static Pairing Pairing(char letter, PairingStatus status, string userCode) => TestData.NewPairing() with
    {
        DeviceCodeHash = DeviceCode.TryParse(Code(letter), out var code) ? code.Hash() : throw new ArgumentException("no letter", nameof(letter)),
        UserCodeHash = TestData.Code(userCode).Hash(),
        RequiresClientId = false,
        Status = status,
        ApproverId = status == PairingStatus.Pending ? null : "alice",
        Grant = status == PairingStatus.Approved ? TestData.NewGrant() with { DeviceId = "1" } : null,
    };

    /// <summary>The abstract store of the model check. Each step happens at once.</summary>
    private sealed class Stores : StorePorts
    {
        public Stores()
        {
            var settings = SecretDocument.TryParse($$"""{"host":"nas","password":"{{Secret}}"}""", SecretKeys.Default, out var document, out _) ? document : null;
            var device = TestData.NewDevice() with { Id = "1", Name = "<zq", SyncConfig = settings };
            First = new()
            {
                Pairings = [Pairing('A', PairingStatus.Pending, UserCode), Pairing('B', PairingStatus.Approved, "LMNPQRST"), Pairing('C', PairingStatus.Denied, "VWXZBCDF")],
                Devices = [device],
                Tokens = [TestData.NewToken(device) with { Hash = TextTargets.Token.Hash() }, TestData.NewUnboundToken()],
            };
        }

        public AbstractStore First { get; }

        public AbstractStore Current { get; set; } = new();

        protected override ValueTask<T> StepAsync<T>(string call, object? arguments, Func<AbstractStore, (AbstractStore Next, T Answer)> step)
        {
            (Current, var answer) = step(Current);
            return ValueTask.FromResult(answer);
        }
    }

    private sealed class Unlimited : IAttemptLimiter
    {
        public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken) => default;
    }
}

/// <summary>A clock that stands still until <see cref="Elapse"/>.</summary>
internal sealed class Frozen : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private long _now;

    /// <summary>Lets the time pass that something waits for.</summary>
    public void Elapse()
    {
        foreach (var timer in _timers.ToArray())
        {
            _now = Math.Max(_now, timer.Due);
            timer.Ring();
        }
    }

    public override DateTimeOffset GetUtcNow() => TestData.Start + TimeSpan.FromTicks(_now);

    public override long GetTimestamp() => _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Frozen clock, Action ring) : ITimer
    {
        public long Due { get; private set; }

        public void Ring()
        {
            Dispose();
            ring();
        }

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            Dispose();
            if (dueTime >= TimeSpan.Zero)
            {
                Due = clock._now + dueTime.Ticks;
                clock._timers.Add(this);
            }

            return true;
        }

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return default;
        }
    }
}

internal static class Tasks
{
    /// <summary>The result of something that waits for nothing.</summary>
    public static T Now<T>(this Task<T> task) => task.GetAwaiter().GetResult();

    public static void Now(this Task task) => task.GetAwaiter().GetResult();

    public static T Now<T>(this ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();
}

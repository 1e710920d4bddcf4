using System.Collections.Concurrent;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>The flow over real in-memory stores, with a clock, a policy and store calls that the test controls.</summary>
internal sealed class TestFlow
{
    private readonly ServiceProvider _services;

    /// <param name="configure">Changes the settings.</param>
    /// <param name="before">The flow of the same host before a restart. The new flow takes over its clock and its stores.</param>
    /// <param name="limiter">By default the one in memory.</param>
    public TestFlow(Action<DeviceAuthorizationOptions>? configure = null, TestFlow? before = null, IAttemptLimiter? limiter = null)
    {
        var options = new DeviceAuthorizationOptions { StoreTimeout = Timeout.InfiniteTimeSpan, Scopes = { ["read"] = "Read", ["write"] = "Write" } };
        configure?.Invoke(options);
        var wrapped = Options.Create(options);
        Clock = before?.Clock ?? new(TestData.Start);
        Devices = before?.Devices ?? new(new InMemoryDeviceRepository());
        Store = before?.Store ?? new InterceptedPairingStore(new InMemoryPairingStore(wrapped, Clock));
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IPairingStore>(Store)
            .AddSingleton<IDeviceRepository>(Devices)
            .AddSingleton<IPairingPolicy>(Policy)
            .AddSingleton<IPairingEvents>(Events)
            .AddSingleton(limiter ?? new InMemoryAttemptLimiter(Clock))
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(wrapped)
            .AddFlow()
            .BuildServiceProvider();
    }

    public FakeTimeProvider Clock { get; }

    public InterceptedPairingStore Store { get; }

    public InterceptedDeviceRepository Devices { get; }

    public FlowPolicy Policy { get; } = new();

    /// <summary>What was told, in order.</summary>
    public RecordedEvents Events { get; } = new();

    public DeviceFlow Device => _services.GetRequiredService<DeviceFlow>();

    public ApproverFlow Approver => _services.GetRequiredService<ApproverFlow>();

    public DeviceRegistry Registry => _services.GetRequiredService<DeviceRegistry>();

    public AccessTokens Tokens => ActivatorUtilities.CreateInstance<AccessTokens>(_services);

    public OncePerKey Once => _services.GetRequiredService<OncePerKey>();

    public DeviceAccess Access => _services.GetRequiredService<DeviceAccess>();

    public Task<StartResult> TryStartAsync(string? identifier = null, string name = "TV", bool requiresClientId = true, bool canShowNumber = false) =>
        Device.StartAsync(new PairingRequest
        {
            ClientId = "tv",
            RequiresClientId = requiresClientId,
            Scopes = ["read", "write"],
            Device = new ReportedDevice { Name = name, Identifier = identifier },
            CanShowNumber = canShowNumber,
        });

    public async Task<StartResult.Started> StartAsync(string? identifier = null, string name = "TV", bool requiresClientId = true) =>
        Assert.IsType<StartResult.Started>(await TryStartAsync(identifier, name, requiresClientId));

    public Task<ApproverResult> ClaimAsync(StartResult.Started codes, string user = "alice") =>
        Approver.EnterAsync(codes.UserCode, new Approver(user));

    public Task<ApproverResult> DecideAsync(StartResult.Started codes, string user = "alice", string? name = null, params string[] scopes) =>
        Approver.ApproveAsync(codes.UserCode, new Approver(user), new Approval { Scopes = scopes is [] ? ["read", "write"] : scopes, DeviceName = name });

    public async Task<Device> ApproveAsync(StartResult.Started codes, string user = "alice", string? name = null) =>
        Assert.IsType<ApproverResult.Approved>(await DecideAsync(codes, user, name)).Device;

    public Task<ApproverResult> DenyAsync(StartResult.Started codes, string user = "alice") =>
        Approver.DenyAsync(codes.UserCode, new Approver(user));

    public Task<PollResult> PollAsync(StartResult.Started codes, string? key = null, string? clientId = "tv", string? address = null) =>
        Device.PollAsync(new PollRequest { DeviceCode = codes.DeviceCode, ClientId = clientId, IdempotencyKey = key, Address = address });

    /// <summary>The error of a poll that must not succeed.</summary>
    public async Task<PairingError> RefusedAsync(StartResult.Started codes, string? key = null, string? clientId = "tv", string? address = null) =>
        Assert.IsType<PollResult.NotPaired>(await PollAsync(codes, key, clientId, address)).Error;

    /// <summary>The answer of a poll that must succeed.</summary>
    public async Task<PollResult.Paired> RedeemAsync(StartResult.Started codes, string? key = null) =>
        Assert.IsType<PollResult.Paired>(await PollAsync(codes, key));

    /// <summary>Start, approve, redeem.</summary>
    public async Task<PollResult.Paired> PairAsync(string? identifier = null, string user = "alice")
    {
        var codes = await StartAsync(identifier);
        await ApproveAsync(codes, user);
        return await RedeemAsync(codes);
    }

    public async Task<bool> IsLiveAsync(DeviceToken token) => await Devices.FindTokenAsync(token.Hash(), default) is not null;

    /// <summary>The tokens of this flow that a device could call with.</summary>
    public async Task<IReadOnlyList<AccessToken>> LiveTokensAsync()
    {
        var live = new List<AccessToken>();
        foreach (var hash in Devices.Offered.Select(token => token.Hash).Distinct(StringComparer.Ordinal))
        {
            if (await Devices.FindTokenAsync(hash, default) is { Token: var token })
            {
                live.Add(token);
            }
        }

        return live;
    }

    /// <summary>The ids of all devices that this flow put into the registry.</summary>
    public IReadOnlyList<string> DeviceIds() => [.. Devices.Registered.Select(device => device.Id).Distinct(StringComparer.Ordinal)];

    public async Task<Pairing> StoredAsync(StartResult.Started codes) => (await Store.FindByUserCodeAsync(codes.UserCode.Hash(), default))!;
}

internal static class ApproverResultNames
{
    /// <summary>The kind of a result, or the reason of a refusal.</summary>
    public static string Name(this ApproverResult result) => result is ApproverResult.Refused { Reason: var reason } ? reason.ToString() : result.GetType().Name;
}

/// <summary>A host whose accounts change their mind.</summary>
internal sealed class FlowPolicy : IPairingPolicy
{
    public bool IsActive { get; set; } = true;

    public ApprovalRisk Risk { get; set; }

    /// <summary>What every account has; null for everything.</summary>
    public string[]? Scopes { get; set; }

    public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(Risk);

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(IsActive);

    public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult<IEnumerable<string>>(Scopes ?? scopes);
}

/// <summary>Keeps what it is told.</summary>
internal sealed class RecordedEvents : IPairingEvents
{
    private readonly ConcurrentQueue<PairingEvent> _all = new();
    private TaskCompletionSource? _pause;

    /// <summary>All but <see cref="PairingEvent.TokenEnded"/>, which follows from others: <see cref="Ended"/>.</summary>
    public IReadOnlyList<PairingEvent> All => [.. _all.Where(happened => happened is not PairingEvent.TokenEnded)];

    /// <summary>The tokens that ended.</summary>
    public IReadOnlyList<AccessToken> Ended => [.. _all.OfType<PairingEvent.TokenEnded>().Select(happened => happened.Token)];

    /// <summary>The names, in order.</summary>
    public IReadOnlyList<string> Names => [.. All.Select(happened => happened.GetType().Name)];

    /// <summary>Holds whoever reports, from the next event on, until the result is set.</summary>
    public TaskCompletionSource Pause() => _pause = new();

    public async ValueTask OnAsync(PairingEvent happened)
    {
        _all.Enqueue(happened);
        await (_pause?.Task ?? Task.CompletedTask);
    }
}

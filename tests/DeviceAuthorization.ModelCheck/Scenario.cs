namespace DeviceAuthorization.ModelCheck;

/// <summary>One who sends requests, each after the one before was answered or lost.</summary>
/// <param name="Pairing">The pairing that the requests are about.</param>
/// <param name="UserId">The user; null for a device.</param>
internal sealed record Actor(string Name, int Pairing, string? UserId, params Operation[] Script);

/// <summary>What is explored: every order in which these actors' calls reach the stores, at any of these times.</summary>
/// <param name="Moments">The times that the clock shows, in seconds since the start. It may move on between any two steps.</param>
/// <param name="Slow">How often a request may be running while the clock moves.</param>
/// <param name="Losses">How many requests may end without an answer: their host dies after a call, or the answer is lost.</param>
internal sealed record Scenario(string Name, int[] Moments, int Slow, int Losses, Func<Parts, Actor[]> Actors)
{
    /// <summary>The number that a device shows while the approver must choose it.</summary>
    public const int Number = 42;

    /// <summary>May do nothing: locked from the start.</summary>
    public const string Stranger = "mallory";

    /// <summary>Whether accounts are locked or signed out while the actors run.</summary>
    public bool AccountsChange { get; init; }

    /// <summary>Whether every approver must choose a number.</summary>
    public bool ChoosesNumber { get; init; }

    /// <summary>The <c>Idempotency-Key</c> of all polls; null for none.</summary>
    public string? Key { get; init; }

    /// <summary>Answers that some request must get. A scenario that never gets there would prove nothing.</summary>
    public string[] Reaches { get; init; } = ["paired"];

    public static readonly Scenario Main = new("Two devices, one of which polls twice at once, and two approvers", [0, 590, 600], Slow: 1, Losses: 1, parts =>
    [
        new("device A", 0, null, parts.Poll(0)),
        new("device A again", 0, null, parts.Poll(0)),
        new("device B", 1, null, parts.Poll(1)),
        new("alice", 0, "alice", parts.Approve(0, "alice")),
        new("bob", 0, "bob", parts.Deny(0, "bob")),
    ])
    { Reaches = ["paired", "AccessDenied", "ExpiredToken", "Approved", "Denied", "NotFound"] };

    public static readonly Scenario ClaimLapses = new("A claim lapses", [0, 120, 600], Slow: 1, Losses: 0, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0)),
        new("alice", 0, "alice", parts.Enter(0, "alice"), parts.Approve(0, "alice")),
        new("bob", 0, "bob", parts.Enter(0, "bob"), parts.Approve(0, "bob")),
    ])
    { Reaches = ["paired", "Review", "NotFound"] };

    public static readonly Scenario LastSeconds = new("An approval in the last seconds", [590, 600, 620], Slow: 1, Losses: 1, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0)),
        new("device again", 0, null, parts.Poll(0)),
        new("alice", 0, "alice", parts.Approve(0, "alice"), parts.Approve(0, "alice")),
    ])
    { Reaches = ["paired", "ExpiredToken", "decided already: Redeemed"] };

    public static readonly Scenario LostAnswers = new("Lost answers and an Idempotency-Key", [0, 59, 61], Slow: 1, Losses: 1, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0)),
        new("device again", 0, null, parts.Poll(0), parts.Use()),
        new("alice", 0, "alice", parts.Approve(0, "alice")),
    ])
    { Key = "key", Reaches = ["paired", "InvalidGrant", "AuthenticatedToken"] };

    public static readonly Scenario TooFast = new("A device that polls too fast", [0, 4, 9, 20], Slow: 2, Losses: 1, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0), parts.Poll(0)),
        new("device again", 0, null, parts.Poll(0), parts.Poll(0)),
        new("alice", 0, "alice", parts.Deny(0, "alice")),
    ])
    { Reaches = ["SlowDown", "AccessDenied"] };

    public static readonly Scenario PairsTwice = new("A device pairs twice", [0, 600], Slow: 1, Losses: 0, parts =>
    [
        new("pairing A", 0, null, parts.Poll(0), parts.Use()),
        new("pairing B", 1, null, parts.Poll(1)),
        new("alice A", 0, "alice", parts.Approve(0, "alice")),
        new("alice B", 1, "alice", parts.Approve(1, "alice")),
    ]);

    public static readonly Scenario AccountEnds = new("An account ends", [0, 600], Slow: 1, Losses: 0, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Use()),
        new("device again", 0, null, parts.Poll(0)),
        new("alice", 0, "alice", parts.Approve(0, "alice")),
        new("operator", 0, null, parts.SignOut("alice"), parts.Lock("alice")),
        new("mallory", 0, Stranger, parts.Approve(0, Stranger)),
    ])
    { AccountsChange = true, Reaches = ["paired", "InvalidGrant", "Forbidden", "SignOutResult"] };

    public static readonly Scenario NumberToChoose = new("A number to choose", [0, 590, 600], Slow: 1, Losses: 1, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0)),
        new("alice", 0, "alice", parts.Approve(0, "alice", withNumber: true), parts.Choose(0, "alice", Number)),
        new("alice again", 0, "alice", parts.Choose(0, "alice", Number + 1)),
        new("bob", 0, "bob", parts.Choose(0, "bob", Number)),
    ])
    { ChoosesNumber = true, Reaches = ["paired", "AccessDenied", "decided already: Denied"] };

    public static readonly Scenario GivesUp = new("A device gives up", [0, 590, 600], Slow: 1, Losses: 0, parts =>
    [
        new("device", 0, null, parts.Poll(0), parts.Poll(0)),
        new("device again", 0, null, parts.Withdraw(0)),
        new("alice", 0, "alice", parts.Enter(0, "alice"), parts.Approve(0, "alice")),
    ])
    { Reaches = ["paired", "InvalidGrant", "decided already: Withdrawn"] };

    public static readonly Scenario[] All = [Main, ClaimLapses, LastSeconds, LostAnswers, TooFast, PairsTwice, AccountEnds, NumberToChoose, GivesUp];
}

/// <summary>Makes the operations of a scenario, over pairings that have started.</summary>
internal sealed class Parts
{
    private readonly StartResult.Started[] _codes;
    private readonly Operation[] _polls;
    private int _number;

    public Parts(Scenario scenario)
    {
        var stores = new LiveStores();
        using var services = Replay.Services(stores, new StoppedClock(), scenario).CreateScope();
        _codes = [.. Enumerable.Range(0, 2).Select(_ => (StartResult.Started)services.ServiceProvider.GetRequiredService<DeviceFlow>().StartAsync(new PairingRequest
        {
            ClientId = "tv",
            Scopes = ["read"],
            CanShowNumber = scenario.ChoosesNumber,
            Device = new ReportedDevice { Name = "TV", Identifier = "tv-1" },
        }).GetAwaiter().GetResult())];
        _polls = [.. _codes.Select(codes => New("poll", async (services, _) => await services.GetRequiredService<DeviceFlow>().PollAsync(
            new PollRequest { DeviceCode = codes.DeviceCode, ClientId = "tv", IdempotencyKey = scenario.Key })))];
        Store = stores.Current with { Locked = stores.Current.Locked.Add(Scenario.Stranger) };
    }

    /// <summary>The stores once the pairings have started.</summary>
    public AbstractStore Store { get; }

    /// <summary>All polls of a pairing are the same request. So actors that poll it stand at the same local states.</summary>
    public Operation Poll(int pairing) => _polls[pairing];

    public Operation Withdraw(int pairing) => New("withdraw", async (services, _) =>
        await services.GetRequiredService<DeviceFlow>().WithdrawAsync(_codes[pairing].DeviceCode, "tv"));

    /// <summary>The device calls the API with the token that it got, if it got one.</summary>
    public Operation Use() => New("use", async (services, token) =>
    {
        var access = services.GetRequiredService<DeviceAccess>();
        if (token is null || await access.AuthenticateTokenAsync(token) is not { } authenticated)
        {
            return null;
        }

        await access.RecordUseAsync(authenticated);
        return authenticated;
    });

    public Operation Enter(int pairing, string user) => New("enter", async (services, _) =>
        await services.GetRequiredService<ApproverFlow>().EnterAsync(_codes[pairing].UserCode, new Approver(user)));

    public Operation Approve(int pairing, string user, bool withNumber = false) => New("approve", async (services, _) =>
        await services.GetRequiredService<ApproverFlow>().ApproveAsync(
            _codes[pairing].UserCode, new Approver(user), new Approval { Scopes = ["read"], SupportsNumberMatching = withNumber }));

    public Operation Choose(int pairing, string user, int number) => New($"choose {number}", async (services, _) =>
        await services.GetRequiredService<ApproverFlow>().ChooseNumberAsync(_codes[pairing].UserCode, new Approver(user), number));

    public Operation Deny(int pairing, string user) => New("deny", async (services, _) =>
        await services.GetRequiredService<ApproverFlow>().DenyAsync(_codes[pairing].UserCode, new Approver(user)));

    public Operation SignOut(string user) => New("sign out everywhere", async (services, _) =>
        await services.GetRequiredService<DeviceAccess>().SignOutEverywhereAsync(user));

    public Operation Lock(string user) => New("lock account", async (services, _) => await services.GetRequiredService<StorePorts>().LockAsync(user));

    private Operation New(string name, Func<IServiceProvider, string?, Task<object?>> run) => new(++_number, name, run);

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Replay.Start;
    }
}

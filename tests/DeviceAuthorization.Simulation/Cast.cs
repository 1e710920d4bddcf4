using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using DeviceAuthorization.Client;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.Simulation;

/// <summary>One pairing, as the people in front of its device see it.</summary>
internal sealed class Run(string name, string deviceCodeHash, string userCode, TimeSpan started)
{
    public string Name => name;

    public string DeviceCodeHash => deviceCodeHash;

    public string UserCode => userCode;

    public TimeSpan Started => started;

    /// <summary>The number that the device shows.</summary>
    public int? Number { get; set; }

    /// <summary>The users who sent an approval.</summary>
    public HashSet<string> MayBeApprovedBy { get; } = new(StringComparer.Ordinal);

    /// <summary>The first approval that was acknowledged.</summary>
    public (string User, TimeSpan At)? Approved { get; set; }

    public bool GaveUp { get; set; }

    /// <summary>How it ended for the device; null while it runs.</summary>
    public string? Ending { get; set; }

    public string? TokenHash { get; set; }
}

/// <summary>Everyone who uses the host: devices, approvers, owners, and who calls the API.</summary>
internal sealed class Cast
{
    private static readonly string[] Users = ["alice", "bob", "carol"];

    private readonly World _world;
    private readonly List<Task> _actors = [];

    public Cast(World world)
    {
        _world = world;
        for (var number = 1; number <= world.Plan.Devices; number++)
        {
            Start(DeviceAsync(number));
        }
    }

    public List<Run> Runs { get; } = [];

    public bool IsDone => _actors.TrueForAll(actor => actor.IsCompleted);

    /// <summary>What an actor threw; null if none did.</summary>
    public Exception? Threw => _actors.Find(actor => actor.IsFaulted)?.Exception;

    private Dice Dice => _world.Dice;

    private void Start(Task actor) => _actors.Add(actor);

    private async Task DeviceAsync(int number)
    {
        var (name, address) = ($"tv {number}", Address(number));
        var wire = new Wire(_world, name, address);
        var http = new HttpClient(wire) { BaseAddress = new Uri("https://tv.example.com"), Timeout = Timeout.InfiniteTimeSpan };
        var identifier = Dice.Chance(0.2) ? "the same console" : name;
        await _world.Scheduler.Delay(Dice.Seconds(0, 60));
        if (Dice.Chance(0.7))
        {
            await ClientAsync(name, identifier, wire, http);
        }
        else
        {
            await SimulatorAsync(name, identifier, wire, http);
        }
    }

    /// <summary>A device with our client package.</summary>
    private async Task ClientAsync(string name, string identifier, Wire wire, HttpClient http)
    {
        var clock = new SimulatedClock(_world.Scheduler, null, _world.Skew());
        var options = new PairingClientOptions
        {
            DeviceAuthorizationEndpoint = new Uri(http.BaseAddress!, "/api/auth/device/init"),
            TokenEndpoint = new Uri(http.BaseAddress!, "/api/auth/device/token"),
            RevocationEndpoint = new Uri(http.BaseAddress!, "/api/auth/device/revoke"),
            ClientId = "tv",
            Scope = "read write",
            Device = new DeviceDescription { Name = name, Identifier = identifier },
            Dialect = Dice.Pick(PairingDialect.OAuth, PairingDialect.RomM),
            MaxWait = TimeSpan.FromSeconds(Dice.Pick(0, 10, 25)),
            CanShowNumber = _world.Plan.NumberMatching == NumberMatching.Always || Dice.Chance(0.5),
        };
        var client = new PairingClient(http, options, clock);
        DevicePairing pairing;
        while (true)
        {
            try
            {
                pairing = await client.StartAsync();
                break;
            }
            catch (PairingException trouble) when (trouble.IsTransient)
            {
                await _world.Scheduler.Delay(TimeSpan.FromSeconds(5));
            }
        }

        var run = Show(name, wire, pairing.UserCode);
        for (var restarts = Dice.Chance(0.2) ? 1 : 0; ; restarts--)
        {
            using var stop = new CancellationTokenSource();
            var givesUp = restarts == 0 && Dice.Chance(0.1);
            wire.Stop = givesUp || restarts > 0 ? stop.Cancel : null;
            try
            {
                await foreach (var step in pairing.WatchAsync(stop.Token))
                {
                    run.Number = step is PairingProgress.ShowNumber { Number: var number } ? number : run.Number;
                    run.Ending = step is PairingProgress.Waiting or PairingProgress.Trouble or PairingProgress.ShowNumber ? null : step.GetType().Name;
                    if (step is PairingProgress.Connected { Token: var token })
                    {
                        wire.Stop = null;
                        await UseAsync(run, http, token.AccessToken);
                        return;
                    }
                }

                return;
            }
            catch (OperationCanceledException) when (givesUp)
            {
                (run.GaveUp, run.Ending) = (true, "GaveUp");
                await pairing.WithdrawAsync();
                return;
            }
            catch (OperationCanceledException)
            {
                _world.Scheduler.Say($"{name} restarts");
                pairing = new PairingClient(http, options, clock).Resume(pairing.Save());
            }
        }
    }

    /// <summary>A device that somebody else wrote: it may poll too fast at first, and may have no <c>Idempotency-Key</c>.</summary>
    private async Task SimulatorAsync(string name, string identifier, Wire wire, HttpClient http)
    {
        Run? run = null;
        var device = new DeviceSimulator(http, new SimulatedClock(_world.Scheduler, null, TimeSpan.Zero))
        {
            Dialect = Dice.Pick(DeviceDialect.Form, DeviceDialect.Json),
            Name = name,
            Identifier = identifier,
            Scopes = ["read", "write"],
            IdempotencyKey = Dice.Chance(0.5) ? $"key of {name}" : null,
            Wait = TimeSpan.FromSeconds(Dice.Pick(0, 10, 25)),
            ShowNumber = _world.Plan.NumberMatching == NumberMatching.Always || Dice.Chance(0.5) ? number => run!.Number = number : null,
        };
        DeviceCodes codes;
        while (true)
        {
            try
            {
                codes = await device.StartAsync();
                break;
            }
            catch (HttpRequestException)
            {
                await _world.Scheduler.Delay(TimeSpan.FromSeconds(5));
            }
        }

        run = Show(name, wire, codes.UserCode);
        DeviceAnswer? answer = null;
        for (var hasty = Dice.Chance(0.5) ? 8 : 0; hasty > 0 && answer is not { IsFinal: true }; hasty--)
        {
            answer = await device.PollAsync(codes);
            await _world.Scheduler.Delay(Dice.Milliseconds(100, 3000));
        }

        answer = answer is { IsFinal: true } ? answer : await device.PollUntilFinalAsync(codes);
        run.Ending = answer.GetType().Name;
        if (answer is DeviceAnswer.Paired { AccessToken: var token })
        {
            await UseAsync(run, http, token);
        }
    }

    /// <summary>The device shows its code, and people see it.</summary>
    private Run Show(string name, Wire wire, string userCode)
    {
        var run = new Run(name, wire.DeviceCodeHash!, userCode, _world.Scheduler.Now);
        Runs.Add(run);
        for (var approvers = Dice.Pick(0, 1, 1, 1, 1, 1, 2, 2); approvers > 0; approvers--)
        {
            Start(ApproverAsync(run));
        }

        return run;
    }

    private async Task ApproverAsync(Run run)
    {
        var (user, isOnPage, approves) = (Dice.Pick(Users), Dice.Chance(0.5), Dice.Chance(0.8));
        var http = Person(user);
        var simulator = new ApproverSimulator(http, user);
        await _world.Scheduler.Delay(Dice.Chance(0.9) ? Dice.Seconds(1, 90) : Dice.Seconds(90, (int)_world.Plan.Lifetime.TotalSeconds));
        if (Dice.Chance(0.1))
        {
            await simulator.LookUpAsync("BBBB-BBBB"); // a code that nobody has
        }

        if (Dice.Chance(0.7))
        {
            await simulator.LookUpAsync(run.UserCode);
            await _world.Scheduler.Delay(Dice.Seconds(0, 20));
        }

        string[] scopes = Dice.Pick<string[]>(["read"], ["write"], ["read", "write"]);
        for (var tries = 0; tries < 3; tries++)
        {
            run.MayBeApprovedBy.UnionWith(approves ? [user] : []);
            var answer = isOnPage ? await OnPageAsync(run, user, approves ? scopes : null)
                : approves ? await simulator.ApproveAsync(run.UserCode, scopes)
                : await simulator.DenyAsync(run.UserCode);
            if (answer is ApproverAnswer.Approved)
            {
                run.Approved ??= (user, _world.Scheduler.Now);
            }

            if (answer is not ApproverAnswer.Unavailable)
            {
                break;
            }

            await _world.Scheduler.Delay(Dice.Seconds(1, 10));
        }

        if (Dice.Chance(0.2))
        {
            await _world.Scheduler.Delay(Dice.Seconds(0, 120));
            await EndAccessAsync(user, http);
        }
    }

    /// <summary>Decides as the pairing page does, which can compare the number.</summary>
    /// <param name="scopes">Null to deny.</param>
    private async Task<ApproverAnswer> OnPageAsync(Run run, string user, string[]? scopes)
    {
        Assert.True(UserCodeFormat.Standard.TryParse(run.UserCode, out var code));
        var approver = new Approver(user) { Address = $"{Address(Dice.Below(3))}" };
        try
        {
            var result = await CallAsync("enter", (flow, token) => flow.EnterAsync(code, approver, token));
            if (result is ApproverResult.Review)
            {
                await _world.Scheduler.Delay(Dice.Seconds(0, 20));
                result = scopes is null
                    ? await CallAsync("deny", (flow, token) => flow.DenyAsync(code, approver, token))
                    : await CallAsync("approve", (flow, token) => flow.ApproveAsync(code, approver, new Approval { Scopes = scopes, SupportsNumberMatching = true }, token));
            }

            if (result is ApproverResult.ChooseNumber { Numbers: var numbers })
            {
                for (var looks = 0; looks < 60 && run.Number is null; looks++)
                {
                    await _world.Scheduler.Delay(TimeSpan.FromSeconds(1));
                }

                if (run.Number is not { } shown)
                {
                    return new ApproverAnswer.Unknown();
                }

                var number = Dice.Chance(0.9) ? shown : numbers.First(other => other != shown);
                result = await CallAsync("choose a number", (flow, token) => flow.ChooseNumberAsync(code, approver, number, token));
            }

            return result switch
            {
                ApproverResult.Approved { Device: var device } => new ApproverAnswer.Approved(device.Id, device.Name),
                ApproverResult.Denied => new ApproverAnswer.Denied(),
                _ => new ApproverAnswer.Unknown(),
            };
        }
        catch (HttpRequestException)
        {
            return new ApproverAnswer.Unavailable();
        }

        Task<ApproverResult> CallAsync(string what, Func<ApproverFlow, CancellationToken, Task<ApproverResult>> call) => _world.Network.SendAsync(
            $"{user} on the page: {what}",
            (node, aborted) => node.CallAsync(services => call(services.GetRequiredService<ApproverFlow>(), aborted)),
            result => result is ApproverResult.Refused { Reason: var reason } ? $"{reason}" : result.GetType().Name,
            CancellationToken.None);
    }

    /// <summary>An owner removes a device, or signs out everywhere; or the host locks the account.</summary>
    private async Task EndAccessAsync(string user, HttpClient http)
    {
        try
        {
            switch (Dice.Below(3))
            {
                case 0 when _world.Store.Devices.Find(device => device.UserId == user) is { } device:
                    using (var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Delete, $"/api/devices/{device.Id}") { Headers = { { FakeApproverDefaults.UserHeader, user } } }))
                    {
                        _world.Invariants.AccessEnded(!answer.IsSuccessStatusCode, token => token.DeviceId == device.Id);
                    }

                    break;
                case 1:
                    await _world.Network.SendAsync(
                        $"{user}: sign out everywhere",
                        (node, aborted) => node.CallAsync(services => services.GetRequiredService<DeviceAccess>().SignOutEverywhereAsync(user, Dice.Pick(SignOutDevices.Keep, SignOutDevices.Remove), aborted)),
                        _ => "done",
                        CancellationToken.None);
                    break;
                default:
                    _world.Scheduler.Say($"the host locks {user}");
                    _world.Apply(null, "lock", user, store => (store with { Locked = store.Locked.Add(user) }, true));
                    break;
            }
        }
        catch (HttpRequestException)
        {
        }
    }

    /// <summary>The device calls the API with its token, and may revoke it in the end.</summary>
    private async Task UseAsync(Run run, HttpClient http, string token)
    {
        run.TokenHash = Wire.Hash(token);
        for (var calls = Dice.Below(8); calls > 0; calls--)
        {
            await _world.Scheduler.Delay(Dice.Seconds(0, 60));
            try
            {
                using var answer = await http.SendAsync(new HttpRequestMessage(HttpMethod.Get, "/library") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } });
            }
            catch (HttpRequestException)
            {
            }
        }

        if (Dice.Chance(0.3))
        {
            try
            {
                using var answer = await http.PostAsync("/api/auth/device/revoke", new FormUrlEncodedContent([new("token", token), new("client_id", ClientOf(run))]));
                _world.Invariants.AccessEnded(!answer.IsSuccessStatusCode, record => record.Hash == run.TokenHash);
            }
            catch (HttpRequestException)
            {
            }
        }
    }

    private string ClientOf(Run run) => _world.Store.ByDeviceCode(run.DeviceCodeHash)!.ClientId;

    private HttpClient Person(string user) => new(new Wire(_world, user, Address(Dice.Below(3))))
    {
        BaseAddress = new Uri("https://tv.example.com"),
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>The networks of three homes.</summary>
    private static IPAddress Address(int number) => IPAddress.Parse(string.Create(CultureInfo.InvariantCulture, $"203.0.113.{1 + (number % 3)}"));
}

using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Simulation;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;
using Microsoft.Extensions.Hosting;

namespace DeviceAuthorization.CrashTests;

/// <summary>The stores of one node.</summary>
/// <param name="Devices">Null where only pairings are tested.</param>
internal sealed record Node(IPairingStore Pairings, IDeviceRepository? Devices) : IDisposable
{
    private IHost? _host;

    /// <summary>Builds a node with services and connections of its own.</summary>
    public static Node Create(TimeProvider clock, Action<DeviceAuthorizationBuilder> addStores, bool hasDevices = true)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging().AddSingleton(clock);
        addStores(builder.Services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.Scopes.Add("read", "Read");
        }));
        var host = builder.Build();
        return new(host.Services.GetRequiredService<IPairingStore>(), hasDevices ? host.Services.GetRequiredService<IDeviceRepository>() : null) { _host = host };
    }

    public void Dispose() => _host?.Dispose();
}

/// <summary>The time of all nodes of a history. It moves with each call.</summary>
internal sealed class HistoryClock(DateTimeOffset start) : TimeProvider
{
    private long _milliseconds;

    public override DateTimeOffset GetUtcNow() => Move(0);

    public DateTimeOffset Move(int milliseconds) => start + TimeSpan.FromMilliseconds(Interlocked.Add(ref _milliseconds, milliseconds));
}

/// <summary>
/// Clients that make random calls at once, about a few pairings and one owner. Their calls are those of the flow: they change what they read, and nobody asks for a code
/// before the start that made it was answered. After a call without an answer, a client only reads until the store answers again.
/// </summary>
/// <param name="owner">The owner of the devices and tokens.</param>
internal sealed class Clients(int seed, string owner, History history, HistoryClock clock) : IDisposable
{
    private const int Count = 4;
    private const int Lively = 3; // the calls are about so many pairings at a time, and about so many identifiers of devices

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3); // long for a busy build machine

    private readonly string _owner = owner;
    private readonly History _history = history;
    private readonly HistoryClock _clock = clock;
    private readonly SemaphoreSlim _turns = new(Count);
    private readonly SemaphoreSlim _asking = new(1);
    private volatile int _most = int.MaxValue; // the answers after which they stop

    /// <summary>The pairings whose codes were given out.</summary>
    public ConcurrentQueue<Pairing> Known { get; init; } = [];

    /// <summary>Whether they also start with user codes that are taken.</summary>
    public bool TryTakenCodes { get; init; } = true;

    /// <summary>Lets them call until so many calls were answered, and then reads everything once more.</summary>
    /// <param name="trouble">What goes wrong meanwhile. Without it, every call must be answered.</param>
    public async Task RunAsync(IReadOnlyList<Node> nodes, int calls, Func<Task>? trouble = null)
    {
        if (trouble is null)
        {
            (_most, _history.Patience) = (calls, Deadline);
        }

        var clients = Enumerable.Range(0, Count).Select(number => Task.Run(() =>
            CallAsync(new Client($"{number}", new Dice((ulong)((seed * Count) + number)), nodes[number % nodes.Count], this), mayFail: trouble is not null))).ToArray();
        try
        {
            await (trouble?.Invoke() ?? Task.CompletedTask).WaitAsync(Deadline);
            _most = calls;
            await Task.WhenAll(clients).WaitAsync(Deadline);
            await LookAsync(new Client("last", new Dice((ulong)seed), nodes[0], this));
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"The history of seed {seed} did not end. {_history.Answered} calls were answered. The last trouble: {_history.Trouble}", exception);
        }
        finally
        {
            _most = 0;
        }
    }

    /// <summary>Does something while no client is in the middle of a call.</summary>
    public async Task BetweenCallsAsync(Func<Task> act)
    {
        for (var turn = 0; turn < Count; turn++)
        {
            await _turns.WaitAsync();
        }

        await act();
        _turns.Release(Count);
    }

    public void Dispose()
    {
        _turns.Dispose();
        _asking.Dispose();
    }

    private async Task CallAsync(Client client, bool mayFail)
    {
        while (_history.Answered < _most)
        {
            await _turns.WaitAsync();
            try
            {
                await client.CallAsync();
            }
            catch (Exception) when (mayFail)
            {
                await Task.Yield(); // no signal says that the store is back: one of them asks until it is
            }
            finally
            {
                _turns.Release();
            }
        }
    }

    private static async Task LookAsync(Client last)
    {
        using var patience = new CancellationTokenSource(Deadline);
        for (var isSeen = false; !isSeen;)
        {
            try
            {
                await last.LookAsync();
                isSeen = true;
            }
            catch (Exception) when (!patience.IsCancellationRequested)
            {
                await Task.Yield(); // as above
            }
        }
    }

    private sealed class Client(string name, Dice dice, Node node, Clients all)
    {
        // What it has read, which may be out of date.
        private readonly Dictionary<Guid, Pairing> _pairings = [];
        private OwnedCounts _counts;
        private IReadOnlyList<Device> _devices = [];
        private IReadOnlyList<AccessToken> _tokens = [];

        private Func<Task>? _doubt; // reads what the last call, which was not answered, was about

        public async Task CallAsync()
        {
            if (_doubt is not null)
            {
                await all._asking.WaitAsync();
                try
                {
                    await _doubt();
                }
                finally
                {
                    all._asking.Release();
                }
            }

            if (node.Devices is null || dice.Below(2) == 0)
            {
                var lively = all.Known.Reverse().Take(Lively).ToArray();
                await (lively.Length == 0 || dice.Below(12) == 0 ? StartAsync() : CallPairingAsync(lively[dice.Below(lively.Length)]));
            }
            else
            {
                var devices = Devices();
                _doubt = () => devices.CountAsync(all._owner, TestData.Start, default).AsTask();
                await CallDevicesAsync(devices, all._owner);
            }

            _doubt = null;
        }

        /// <summary>Reads everything.</summary>
        public async Task LookAsync()
        {
            foreach (var pairing in all.Known)
            {
                await PairingsOf(pairing).FindByDeviceCodeAsync(pairing.DeviceCodeHash, default);
                await PairingsOf(pairing).FindByUserCodeAsync(pairing.UserCodeHash, default);
            }

            if (node.Devices is not null)
            {
                var devices = Devices();
                await devices.ListAsync(all._owner, default);
                await devices.CountAsync(all._owner, TestData.Start, default);
                foreach (var token in await devices.ListTokensAsync(all._owner, default))
                {
                    await devices.FindTokenAsync(token.Hash, default);
                }
            }
        }

        private async Task StartAsync()
        {
            var now = Now();
            var fresh = TestData.NewPairing();
            var pairing = fresh with
            {
                Device = fresh.Device with { Address = null }, // in memory a network has few places
                CreatedAt = now,
                ExpiresAt = now + dice.Seconds(5, 20),
                Pacing = Pacing.Start(TimeSpan.FromSeconds(1 + dice.Below(2)), now),
                RequiresClientId = dice.Below(3) != 0,
            };
            if (await PairingsOf(pairing).TryAddAsync(pairing, default) == PairingAddition.Added)
            {
                all.Known.Enqueue(pairing);
            }
        }

        private async Task CallPairingAsync(Pairing pairing)
        {
            var store = PairingsOf(pairing);
            _doubt = () => store.FindByDeviceCodeAsync(pairing.DeviceCodeHash, default).AsTask();
            var read = _pairings.GetValueOrDefault(pairing.Id);
            switch (dice.Below(10))
            {
                case 0:
                    Note(await store.FindByUserCodeAsync(pairing.UserCodeHash, default));
                    break;
                case 1:
                    await store.FindDecidedAsync([pairing.DeviceCodeHash], default);
                    break;
                case 2 when all.TryTakenCodes:
                    await store.TryAddAsync(TestData.NewPairing() with { UserCodeHash = pairing.UserCodeHash }, default);
                    break;
                case 3 or 4:
                    Note((await store.TryAcceptPollAsync(pairing.DeviceCodeHash, dice.Below(4) == 0 ? null : "tv", Now(), default)).Pairing);
                    break;
                case 5 when read is { Status: PairingStatus.Pending }:
                    await store.TrySlowDownAsync(read, read.Pacing.SlowedDown(), default);
                    break;
                case > 5 when read is { Status: PairingStatus.Pending or PairingStatus.Approved }:
                    var now = Now();
                    await store.TryReplaceAsync(Next(read, now), now, default);
                    break;
                default:
                    Note(await store.FindByDeviceCodeAsync(pairing.DeviceCodeHash, default));
                    break;
            }
        }

        /// <summary>What a device or an approver makes of a pairing.</summary>
        private Pairing Next(Pairing read, DateTimeOffset now)
        {
            var user = $"approver {dice.Below(2)}";
            return (read.Status, dice.Below(8)) switch
            {
                (_, 0) => read with { Status = PairingStatus.Withdrawn, Grant = null },
                (PairingStatus.Approved, < 5) => read with { Grant = read.Grant! with { DeviceId = $"{dice.Below(2)}" } },
                (PairingStatus.Approved, _) => read with { Status = PairingStatus.Redeemed, RedeemedAt = now, IdempotencyKeyHash = TestData.NewHash() },
                (_, 1) => read with { Status = PairingStatus.Denied, ApproverId = user, ClaimedUntil = null },
                (_, < 6) => read with { ApproverId = user, ClaimedUntil = now + Pairing.ClaimLifetime },
                _ => read with
                {
                    Status = PairingStatus.Approved,
                    ApproverId = user,
                    ClaimedUntil = null,
                    Grant = TestData.NewGrant(),
                    ExpiresAt = read.ExpiresAt > now + Pairing.LeastRedeemTime ? read.ExpiresAt : now + Pairing.LeastRedeemTime,
                },
            };
        }

        private async Task CallDevicesAsync(IDeviceRepository store, string user)
        {
            var (device, token, now) = (Any(_devices), Any(_tokens), Now());
            switch (dice.Below(17))
            {
                case 0 or 1:
                    _tokens = await store.ListTokensAsync(user, default);
                    break;
                case 2:
                    _counts = await store.CountAsync(user, now, default);
                    break;
                case 3 or 4:
                    await store.AddOrFindAsync(TestData.NewDevice(user, $"tv-{dice.Below(Lively)}"), maxDevices: 2, default);
                    break;
                case 5:
                    await store.FindByIdentifierAsync(user, $"tv-{dice.Below(Lively)}", default);
                    break;
                case 6 when device is not null:
                    await store.FindAsync(user, device.Id, default);
                    break;
                case 7 or 8 when device is not null:
                    await store.TryReplaceAsync(device with { Name = $"{dice.Below(100)}", ClientDeviceIdentifier = $"tv-{dice.Below(Lively)}", LastSeenAt = now }, default);
                    break;
                case 9 when device is not null && dice.Below(3) == 0:
                    await store.DeleteAsync(user, device.Id, now, default);
                    break;
                case 10 when dice.Below(4) == 0:
                    await store.SignOutAsync(user, dice.Below(2) == 0 ? SignOutDevices.Keep : SignOutDevices.Remove, now, default);
                    break;
                case 11 or 12 when device is not null:
                    await store.TryIssueTokenAsync(
                        TestData.NewToken(device) with { PairingId = PairingOf(dice.Below(10)), CreatedAt = now },
                        new TokenIssueConditions(now, MaxLiveTokens: 3, ReplacesEarlier: dice.Below(2) == 0) { SignOuts = dice.Below(2) == 0 ? _counts.SignOuts : null },
                        default);
                    break;
                case 13:
                    await store.FindTokenOfPairingAsync(PairingOf(dice.Below(10)), default);
                    break;
                case 14 when token is not null:
                    await store.FindTokenAsync(token.Hash, default);
                    break;
                case 15 when token is not null:
                    await store.TryReplaceTokenAsync(
                        dice.Below(3) switch
                        {
                            0 => token with { RevokedAt = now },
                            1 => token with { Name = $"{dice.Below(100)}" },
                            _ => token with { Hash = TestData.NewHash(), LastUsedAt = null },
                        },
                        default);
                    break;
                case 16 when token is not null:
                    await store.TouchAsync(token.Id, now, TimeSpan.FromSeconds(2), default);
                    break;
                default:
                    _devices = await store.ListAsync(user, default);
                    break;
            }
        }

        private void Note(Pairing? read)
        {
            if (read is not null)
            {
                _pairings[read.Id] = read;
            }
        }

        private T? Any<T>(IReadOnlyList<T> many)
            where T : class => many.Count == 0 ? null : many[dice.Below(many.Count)];

        private DateTimeOffset Now() => all._clock.Move(dice.Below(200));

        /// <summary>One of a few, so that a token is often issued twice.</summary>
        private Guid PairingOf(int number) => new(SHA256.HashData(Encoding.UTF8.GetBytes($"{all._owner} {number}")).AsSpan(0, 16));

        private IPairingStore PairingsOf(Pairing pairing) => Recorded<IPairingStore>.Of(node.Pairings, all._history, name, $"Pairing {pairing.Id}");

        private IDeviceRepository Devices() => Recorded<IDeviceRepository>.Of(node.Devices!, all._history, name, $"Owner {all._owner}");
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Holds the first call until it is released.</summary>
internal sealed class Pause
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when a call is held. Fails if none came in half a minute.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(30));

    public void Release() => _released.SetResult();

    public Task HoldAsync()
    {
        _reached.SetResult();
        return _released.Task;
    }
}

/// <summary>What a test does to the calls of a store: hold one, or fail one before or after it took effect.</summary>
/// <param name="same">Another interceptor whose orders this one shares: a host may have a store for each request.</param>
internal class Interceptor(Interceptor? same = null)
{
    private readonly ConcurrentDictionary<(string Member, bool After), Func<Task>> _once = same?._once ?? new();

    /// <summary>Whether each call lets others run before and after it, so that parallel callers really interleave.</summary>
    public bool Interleaves { get; set; }

    /// <summary>Runs at each call, with its member, before it takes effect (false) and after it (true).</summary>
    public Func<string, bool, Task> Passing { get; set; } = (_, _) => Task.CompletedTask;

    public Pause PauseBefore(string member) => Hold((member, false));

    public Pause PauseAfter(string member) => Hold((member, true));

    public void FailBefore(string member) => _once[(member, false)] = Fail;

    public void FailAfter(string member) => _once[(member, true)] = Fail;

    protected async ValueTask<T> Around<T>(Func<ValueTask<T>> call, [CallerMemberName] string member = "")
    {
        await PassAsync((member, false));
        var result = await call();
        await PassAsync((member, true));
        return result;
    }

    private static Task Fail() => throw new IOException("The test's outage.");

    private Pause Hold((string, bool) point)
    {
        var pause = new Pause();
        _once[point] = pause.HoldAsync;
        return pause;
    }

    private async Task PassAsync((string Member, bool After) point)
    {
        if (Interleaves)
        {
            await Task.Yield();
        }

        await Passing(point.Member, point.After);
        if (_once.TryRemove(point, out var step))
        {
            await step();
        }
    }
}

internal sealed class InterceptedPairingStore(IPairingStore inner, Interceptor? same = null) : Interceptor(same), IPairingStore
{
    /// <summary>Changes each added pairing, to make codes collide.</summary>
    public Func<Pairing, Pairing> Adding { get; set; } = pairing => pairing;

    /// <summary>What was added.</summary>
    public ConcurrentQueue<Pairing> Added { get; } = [];

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) => Around(async () =>
    {
        pairing = Adding(pairing);
        var addition = await inner.TryAddAsync(pairing, cancellationToken);
        if (addition == PairingAddition.Added)
        {
            Added.Enqueue(pairing);
        }

        return addition;
    });

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        Around(() => inner.FindByUserCodeAsync(userCodeHash, cancellationToken));

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) =>
        Around(() => inner.FindByDeviceCodeAsync(deviceCodeHash, cancellationToken));

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
        Around(() => inner.FindDecidedAsync(deviceCodeHashes, cancellationToken));

    public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        Around(() => inner.TryAcceptPollAsync(deviceCodeHash, clientId, now, cancellationToken));

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        Around(() => inner.TrySlowDownAsync(read, slower, cancellationToken));

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        Around(() => inner.TryReplaceAsync(pairing, now, cancellationToken));

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) =>
        Around(() => inner.RemoveExpiredAsync(before, max, cancellationToken));
}

internal sealed class InterceptedDeviceRepository(IDeviceRepository inner, Interceptor? same = null) : Interceptor(same), IDeviceRepository
{
    /// <summary>The results of all registrations that the user had room for.</summary>
    public ConcurrentQueue<Device> Registered { get; } = [];

    /// <summary>Every token that anybody tried to issue.</summary>
    public ConcurrentQueue<AccessToken> Offered { get; } = [];

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) => Around(async () =>
    {
        var stored = await inner.AddOrFindAsync(device, maxDevices, cancellationToken);
        if (stored is not null)
        {
            Registered.Enqueue(stored);
        }

        return stored;
    });

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) =>
        Around(() => inner.FindAsync(userId, deviceId, cancellationToken));

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) =>
        Around(() => inner.FindByIdentifierAsync(userId, clientDeviceIdentifier, cancellationToken));

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) =>
        Around(() => inner.ListAsync(userId, cancellationToken));

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        Around(() => inner.CountAsync(userId, now, cancellationToken));

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) =>
        Around(() => inner.TryReplaceAsync(device, cancellationToken));

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) =>
        Around(() => inner.DeleteAsync(userId, deviceId, now, cancellationToken));

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) =>
        Around(() => inner.SignOutAsync(userId, devices, now, cancellationToken));

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) => Around(async () =>
    {
        Offered.Enqueue(token);
        return await inner.TryIssueTokenAsync(token, issue, cancellationToken);
    });

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken) =>
        Around(() => inner.FindTokenAsync(hash, cancellationToken));

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) =>
        Around(() => inner.FindTokenOfPairingAsync(pairingId, cancellationToken));

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) =>
        Around(() => inner.ListTokensAsync(userId, cancellationToken));

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) =>
        Around(() => inner.ListPairedTokensAsync(from, to, clientId, cancellationToken));

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) =>
        Around(() => inner.TryReplaceTokenAsync(token, cancellationToken));

    public async ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken) =>
        await inner.TouchAsync(tokenId, now, debounce, cancellationToken);
}

using DeviceAuthorization.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DeviceAuthorization.Tests;

/// <summary>The in-memory store, which fails on demand and shows what it was given.</summary>
internal sealed class ProbingPairingStore : IPairingStore
{
    private IPairingStore? _inner;

    public IPairingStore Inner => _inner!;

    /// <summary>So many additions find their codes taken.</summary>
    public int TakenCodes { get; set; }

    /// <summary>Named members throw.</summary>
    public HashSet<string> Broken { get; } = new(StringComparer.Ordinal);

    /// <summary>What they throw.</summary>
    public Func<Exception> Failure { get; set; } = () => new InvalidOperationException("The store is down.");

    /// <summary>Every pairing and code hash that was handed over.</summary>
    public List<object?> Seen { get; } = [];

    public int Calls { get; private set; }

    public void Use(IServiceCollection services)
    {
        services.TryAddSingleton<InMemoryPairingStore>();
        services.AddSingleton<IPairingStore>(provider =>
        {
            _inner = provider.GetRequiredService<InMemoryPairingStore>();
            return this;
        });
    }

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken)
    {
        if (TakenCodes > 0)
        {
            TakenCodes--;
            return ValueTask.FromResult(PairingAddition.CodeTaken);
        }

        return On(nameof(TryAddAsync), pairing).TryAddAsync(pairing, cancellationToken);
    }

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) =>
        On(nameof(FindByUserCodeAsync), userCodeHash).FindByUserCodeAsync(userCodeHash, cancellationToken);

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) =>
        On(nameof(FindByDeviceCodeAsync), deviceCodeHash).FindByDeviceCodeAsync(deviceCodeHash, cancellationToken);

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) =>
        On(nameof(FindDecidedAsync), deviceCodeHashes).FindDecidedAsync(deviceCodeHashes, cancellationToken);

    public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        On(nameof(TryAcceptPollAsync), deviceCodeHash).TryAcceptPollAsync(deviceCodeHash, clientId, now, cancellationToken);

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) =>
        On(nameof(TrySlowDownAsync), read).TrySlowDownAsync(read, slower, cancellationToken);

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) =>
        On(nameof(TryReplaceAsync), pairing).TryReplaceAsync(pairing, now, cancellationToken);

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) =>
        On(nameof(RemoveExpiredAsync), null).RemoveExpiredAsync(before, max, cancellationToken);

    private IPairingStore On(string member, object? argument)
    {
        Calls++;
        Seen.Add(argument);
        return Broken.Contains(member) ? throw Failure() : _inner!;
    }
}

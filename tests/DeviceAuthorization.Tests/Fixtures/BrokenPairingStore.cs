using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>A store whose server is down; no answer may show the text of its exception.</summary>
internal sealed class BrokenPairingStore : IPairingStore
{
    public const string Secret = "connection string with a password";

    public ValueTask<PairingAddition> TryAddAsync(Pairing pairing, CancellationToken cancellationToken) => throw Down();

    public ValueTask<Pairing?> FindByUserCodeAsync(string userCodeHash, CancellationToken cancellationToken) => throw Down();

    public ValueTask<Pairing?> FindByDeviceCodeAsync(string deviceCodeHash, CancellationToken cancellationToken) => throw Down();

    public ValueTask<IReadOnlyCollection<string>> FindDecidedAsync(IReadOnlyCollection<string> deviceCodeHashes, CancellationToken cancellationToken) => throw Down();

    public ValueTask<PollAttempt> TryAcceptPollAsync(string deviceCodeHash, string? clientId, DateTimeOffset now, CancellationToken cancellationToken) =>
        throw Down();

    public ValueTask<bool> TrySlowDownAsync(Pairing read, Pacing slower, CancellationToken cancellationToken) => throw Down();

    public ValueTask<bool> TryReplaceAsync(Pairing pairing, DateTimeOffset now, CancellationToken cancellationToken) => throw Down();

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset before, int max, CancellationToken cancellationToken) => throw Down();

    private static IOException Down() => new(Secret);
}

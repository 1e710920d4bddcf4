using System.Threading.Channels;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The in-memory registry; counts what the bearer handler asks, and can fail to record a use.</summary>
internal sealed class ProbingDeviceRepository : IDeviceRepository
{
    private readonly InMemoryDeviceRepository _inner = new();
    private readonly Channel<DateTimeOffset> _touches = Channel.CreateUnbounded<DateTimeOffset>();
    private int _lookUps;

    public int LookUps => _lookUps;

    public bool TouchFails { get; set; }

    /// <summary>When the next recorded use was; waits for it, for uses are recorded after the answer.</summary>
    public async Task<DateTimeOffset> NextTouchAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _touches.Reader.ReadAsync(patience.Token);
    }

    public bool HasUnreadTouch => _touches.Reader.TryPeek(out _);

    public ValueTask<Device?> AddOrFindAsync(Device device, int maxDevices, CancellationToken cancellationToken) =>
        _inner.AddOrFindAsync(device, maxDevices, cancellationToken);

    public ValueTask<Device?> FindByIdentifierAsync(string userId, string clientDeviceIdentifier, CancellationToken cancellationToken) =>
        _inner.FindByIdentifierAsync(userId, clientDeviceIdentifier, cancellationToken);

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) =>
        _inner.FindAsync(userId, deviceId, cancellationToken);

    public ValueTask<IReadOnlyList<Device>> ListAsync(string userId, CancellationToken cancellationToken) =>
        _inner.ListAsync(userId, cancellationToken);

    public ValueTask<OwnedCounts> CountAsync(string userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        _inner.CountAsync(userId, now, cancellationToken);

    public ValueTask<DeviceReplacement> TryReplaceAsync(Device device, CancellationToken cancellationToken) =>
        _inner.TryReplaceAsync(device, cancellationToken);

    public ValueTask<EndedAccess> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) =>
        _inner.DeleteAsync(userId, deviceId, now, cancellationToken);

    public ValueTask<EndedAccess> SignOutAsync(string userId, SignOutDevices devices, DateTimeOffset now, CancellationToken cancellationToken) =>
        _inner.SignOutAsync(userId, devices, now, cancellationToken);

    public ValueTask<TokenIssue> TryIssueTokenAsync(AccessToken token, TokenIssueConditions issue, CancellationToken cancellationToken) =>
        _inner.TryIssueTokenAsync(token, issue, cancellationToken);

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lookUps);
        return _inner.FindTokenAsync(hash, cancellationToken);
    }

    public ValueTask<AccessToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) =>
        _inner.FindTokenOfPairingAsync(pairingId, cancellationToken);

    public ValueTask<IReadOnlyList<AccessToken>> ListTokensAsync(string userId, CancellationToken cancellationToken) =>
        _inner.ListTokensAsync(userId, cancellationToken);

    public ValueTask<IReadOnlyList<AccessToken>> ListPairedTokensAsync(DateTimeOffset from, DateTimeOffset to, string? clientId, CancellationToken cancellationToken) =>
        _inner.ListPairedTokensAsync(from, to, clientId, cancellationToken);

    public ValueTask<bool> TryReplaceTokenAsync(AccessToken token, CancellationToken cancellationToken) =>
        _inner.TryReplaceTokenAsync(token, cancellationToken);

    public async ValueTask TouchAsync(Guid tokenId, DateTimeOffset now, TimeSpan debounce, CancellationToken cancellationToken)
    {
        try
        {
            if (TouchFails)
            {
                throw new IOException("The database is down.");
            }

            await _inner.TouchAsync(tokenId, now, debounce, cancellationToken);
        }
        finally
        {
            _touches.Writer.TryWrite(now);
        }
    }
}

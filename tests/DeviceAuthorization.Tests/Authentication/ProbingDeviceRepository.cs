using System.Threading.Channels;

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

    public ValueTask<Device> RegisterAsync(DeviceRegistration registration, CancellationToken cancellationToken) =>
        _inner.RegisterAsync(registration, cancellationToken);

    public ValueTask<Device?> FindAsync(string userId, string deviceId, CancellationToken cancellationToken) =>
        _inner.FindAsync(userId, deviceId, cancellationToken);

    public ValueTask<bool> DeleteAsync(string userId, string deviceId, DateTimeOffset now, CancellationToken cancellationToken) =>
        _inner.DeleteAsync(userId, deviceId, now, cancellationToken);

    public ValueTask<IssuedToken?> IssueTokenAsync(IssuedToken token, bool replacesEarlier, CancellationToken cancellationToken) =>
        _inner.IssueTokenAsync(token, replacesEarlier, cancellationToken);

    public ValueTask<TokenWithDevice?> FindTokenAsync(string hash, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _lookUps);
        return _inner.FindTokenAsync(hash, cancellationToken);
    }

    public ValueTask<IssuedToken?> FindTokenOfPairingAsync(Guid pairingId, CancellationToken cancellationToken) =>
        _inner.FindTokenOfPairingAsync(pairingId, cancellationToken);

    public ValueTask<bool> RevokeTokenAsync(string userId, Guid tokenId, DateTimeOffset now, CancellationToken cancellationToken) =>
        _inner.RevokeTokenAsync(userId, tokenId, now, cancellationToken);

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

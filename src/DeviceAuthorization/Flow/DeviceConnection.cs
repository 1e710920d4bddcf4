using DeviceAuthorization.Flow;

namespace DeviceAuthorization;

/// <summary>A connection that stays open, such as a socket, and the token that let it in. Dispose it when the connection closes.</summary>
public sealed class DeviceConnection : IDisposable
{
    private readonly CancellationTokenSource _ended = new();
    private readonly Action<DeviceConnection> _close;

    internal DeviceConnection(AuthenticatedToken token, Action<DeviceConnection> close) => (Token, Ended, _close) = (token, _ended.Token, close);

    /// <summary>The token, as it was at the last look.</summary>
    public AuthenticatedToken Token { get; internal set; }

    /// <summary>
    /// Cancelled when the token is refused or lost a scope: at once if this process ended it, or if it expires; within 30 seconds if another process
    /// ended it, if its owner narrowed or shortened it, or if the account was locked. An outage of a store ends no connection. Close the connection then.
    /// </summary>
    public CancellationToken Ended { get; }

    /// <summary>The next look at the token.</summary>
    internal ITimer Timer { get; set; } = null!;

    internal bool HasEnded => _ended.IsCancellationRequested;

    /// <inheritdoc/>
    public void Dispose() => _close(this);

    /// <summary>Does not wait for what the host does then.</summary>
    internal void End() => _ = _ended.CancelAsync();
}

namespace DeviceAuthorization.Storage;

/// <summary>
/// Tells the nodes of a host that a pairing was decided, so that a poll which another node holds is answered at once
/// (<see cref="DeviceAuthorizationOptions.MaxPollWait"/>). Only a hint: the store alone says what was decided. Without one, each node asks the store
/// once a second about the polls that it holds.
/// </summary>
public interface IPairingSignals
{
    /// <summary>Tells every node, this one included. Called after the decision is stored, and while it fails the decision still counts.</summary>
    /// <param name="deviceCodeHash">The pairing's <see cref="Pairing.DeviceCodeHash"/>.</param>
    ValueTask SendAsync(string deviceCodeHash, CancellationToken cancellationToken);

    /// <summary>
    /// Listens until the host ends. Called when the first poll is held, and again a second after each call that failed; until one succeeds, the store is asked.
    /// </summary>
    /// <param name="decided">To call with each hash that a node sent.</param>
    /// <param name="missed">To call when signals may have been lost, such as after a connection broke and is back: the store is then asked once.</param>
    /// <returns>Completes when signals arrive from now on.</returns>
    ValueTask ListenAsync(Action<string> decided, Action missed, CancellationToken cancellationToken);
}

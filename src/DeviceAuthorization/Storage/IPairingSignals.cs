namespace DeviceAuthorization.Storage;

/// <summary>
/// Sends the nodes of a host a signal when a pairing was decided, so that a poll which another node holds is answered at once
/// (<see cref="DeviceAuthorizationOptions.MaxPollWait"/>). Only a hint: the store alone says what was decided. Without one, each node asks the store
/// once a second about the polls that it holds. Register it as a singleton.
/// </summary>
public interface IPairingSignals
{
    /// <summary>Sends a signal to every node, this one included. Called after the decision is stored, and while it fails the decision still counts.</summary>
    /// <param name="deviceCodeHash">The pairing's <see cref="Pairing.DeviceCodeHash"/>.</param>
    ValueTask SendAsync(string deviceCodeHash, CancellationToken cancellationToken);

    /// <summary>
    /// Listens until this service is disposed. Called when the first poll is held, and again a second after each call that failed; until one succeeds, the store is asked.
    /// </summary>
    /// <param name="decided">To call with each hash that a node sent.</param>
    /// <param name="missed">To call when signals may have been lost, such as after a connection broke and is back: the store is then asked once.</param>
    /// <param name="cancellationToken">Ends only this attempt to listen.</param>
    /// <returns>Completes when signals arrive from now on.</returns>
    ValueTask ListenAsync(Action<string> decided, Action missed, CancellationToken cancellationToken);
}

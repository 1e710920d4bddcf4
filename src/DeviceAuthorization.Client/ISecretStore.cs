namespace DeviceAuthorization.Client;

/// <summary>
/// Keeps one secret text across restarts: a saved pairing (<see cref="DevicePairing.Save"/>) or a token (<see cref="IssuedToken.Save"/>). Implement it on
/// the platform's key store where there is one.
/// </summary>
public interface ISecretStore
{
    /// <summary>Reads the text.</summary>
    /// <returns>The text, or null if there is none.</returns>
    Task<string?> ReadAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces the text. A reader finds the old text or the new one, never a part.</summary>
    Task WriteAsync(string text, CancellationToken cancellationToken = default);

    /// <summary>Removes the text. Does nothing if there is none.</summary>
    Task DeleteAsync(CancellationToken cancellationToken = default);
}

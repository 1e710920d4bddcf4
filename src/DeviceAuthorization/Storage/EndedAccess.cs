namespace DeviceAuthorization.Storage;

/// <summary>What a step of the repository ended.</summary>
/// <param name="Tokens">The tokens that it revoked, as they are now, expired ones too. Their <see cref="AccessToken.DeviceId"/> may name a device that it removed.</param>
/// <param name="Devices">How many devices it removed.</param>
public sealed record EndedAccess(IReadOnlyList<AccessToken> Tokens, int Devices);

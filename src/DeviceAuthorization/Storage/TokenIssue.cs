namespace DeviceAuthorization.Storage;

/// <summary>Under which conditions a token is added.</summary>
/// <param name="Now">The current time: what is live is decided by it.</param>
/// <param name="MaxLiveTokens">How many live tokens the user may have, this one included.</param>
/// <param name="ReplacesEarlier">Whether the device's earlier tokens are revoked in the same step.</param>
public readonly record struct TokenIssueConditions(DateTimeOffset Now, int MaxLiveTokens, bool ReplacesEarlier);

/// <summary>What became of a new token.</summary>
/// <param name="Token">The token as stored, which may be an earlier one of the same pairing; <see langword="null"/> when none was added.</param>
/// <param name="IsOverLimit">Whether none was added because the user has as many as allowed; otherwise the device is gone.</param>
public readonly record struct TokenIssue(IssuedToken? Token, bool IsOverLimit);

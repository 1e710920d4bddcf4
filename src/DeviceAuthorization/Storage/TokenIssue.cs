namespace DeviceAuthorization.Storage;

/// <summary>The conditions for adding a token.</summary>
/// <param name="Now">The current time. It decides which tokens are live.</param>
/// <param name="MaxLiveTokens">How many live tokens the user may have, including this one.</param>
/// <param name="ReplacesEarlier">Whether the device's earlier tokens are revoked in the same step.</param>
public readonly record struct TokenIssueConditions(DateTimeOffset Now, int MaxLiveTokens, bool ReplacesEarlier)
{
    /// <summary>How often the user must have been signed out (<see cref="OwnedCounts.SignOuts"/>); <see langword="null"/> for any number.</summary>
    public long? SignOuts { get; init; }
}

/// <summary>The result of adding a token.</summary>
/// <param name="Token">The stored token, which may be an earlier one of the same pairing; <see langword="null"/> if none was added.</param>
/// <param name="IsOverLimit">Why none was added: true if the user has as many as allowed; false if the device no longer exists, or if the user was signed out meanwhile.</param>
public readonly record struct TokenIssue(AccessToken? Token, bool IsOverLimit)
{
    /// <summary>The earlier tokens of the device that were revoked in the same step, as they are now.</summary>
    public IReadOnlyList<AccessToken> Replaced { get => field ?? []; init; }
}

namespace DeviceAuthorization;

/// <summary>The signed-in person who reviews a pairing and decides it.</summary>
/// <param name="UserId">The user, 1 to 255 characters: an account with a longer id has no devices.</param>
/// <param name="Scopes">
/// The scopes that the approver's credential is limited to; <see langword="null"/> if it stands for the whole account, as a session does. An
/// approver cannot grant other scopes.
/// </param>
/// <param name="SignedInAt">When the approver last proved who they are; <see langword="null"/> if unknown. <see cref="ApprovalRisk.StepUp"/> needs it.</param>
public sealed record Approver(string UserId, IReadOnlyCollection<string>? Scopes = null, DateTimeOffset? SignedInAt = null)
{
    internal const int LongestUserId = 255; // the length of the columns

    /// <summary>The user, 1 to 255 characters.</summary>
    /// <exception cref="ArgumentException">It is empty or longer.</exception>
    public string UserId { get; init => field = Checked(value); } = Checked(UserId);

    /// <summary>
    /// The network address of the approver, as the host's server sees it. <see langword="null"/> if there is none, or if the request has a forwarded
    /// header that no middleware of the host applied: the address is then the proxy's.
    /// </summary>
    public string? Address { get; init; }

    /// <summary>Whether the approver followed a link that included the code, perhaps one that somebody sent. The pairing page says so.</summary>
    /// <value><see langword="false"/> by default: typed, or unknown, as in JSON. A page of your own that knows it sets it.</value>
    public bool CameByLink { get; init; }

    private static string Checked(string userId) => userId is { Length: > 0 and <= LongestUserId }
        ? userId
        : throw new ArgumentException($"A user id has 1 to {LongestUserId} characters.", nameof(userId));
}

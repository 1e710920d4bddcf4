namespace DeviceAuthorization;

/// <summary>The signed-in person who looks at a pairing and decides it.</summary>
/// <param name="UserId">The user.</param>
/// <param name="Scopes">
/// The scopes of the credential the approver is signed in with, when it is limited to some; <see langword="null"/> when it stands
/// for the whole account, as a session does. Nobody grants more than they hold.
/// </param>
/// <param name="SignedInAt">When they last proved who they are, as far as it is known; <see cref="ApprovalRisk.StepUp"/> needs it.</param>
public sealed record Approver(string UserId, IReadOnlyCollection<string>? Scopes = null, DateTimeOffset? SignedInAt = null)
{
    /// <summary>
    /// The network address that they decide from, as the host's server saw it; <see langword="null"/> when there is none, and when the request has
    /// a forwarded header that no middleware of the host took over: the address is then a proxy's.
    /// </summary>
    public string? Address { get; init; }
}

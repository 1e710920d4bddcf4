namespace DeviceAuthorization;

/// <summary>What an approver sees behind a user code.</summary>
public abstract record InspectResult
{
    private InspectResult()
    {
    }

    /// <summary>A pairing that waits for a decision.</summary>
    /// <param name="Pairing">The pairing.</param>
    /// <param name="GrantableScopes">Of the requested scopes, those this approver can grant; sorted.</param>
    public sealed record Found(Pairing Pairing, IReadOnlyList<string> GrantableScopes) : InspectResult;

    /// <summary>Unknown, expired, or in another user's hands: told apart for nobody.</summary>
    public sealed record NotFound : InspectResult;

    /// <summary>This approver has decided it already.</summary>
    /// <param name="Status">What was decided, and whether the device has its token.</param>
    public sealed record AlreadyDecided(PairingStatus Status) : InspectResult;
}

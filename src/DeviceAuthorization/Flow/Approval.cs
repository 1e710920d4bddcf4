namespace DeviceAuthorization;

/// <summary>What an approver says yes to.</summary>
public sealed record Approval
{
    /// <summary>The granted scopes: a subset of what was asked for and of what the approver has. Empty only when none was asked for.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>A name for the device, at most 255 characters; <see langword="null"/> or blank keeps the known or reported one.</summary>
    public string? DeviceName { get; init; }

    /// <summary>
    /// Whether the device becomes a new one even if its approver has one with the identifier that it claims; that one then keeps its access.
    /// </summary>
    public bool AsNewDevice { get; init; }

    /// <summary>
    /// Whether the approver can be asked to compare a number, by <see cref="ApproverFlow.ChooseNumberAsync"/>. When not, an approval that needs it is
    /// answered <see cref="ApproverRefusal.NumberRequired"/>.
    /// </summary>
    public bool CanCompareNumber { get; init; }

    /// <summary>
    /// How long the token lives from now; <see cref="Timeout.InfiniteTimeSpan"/> for ever; <see langword="null"/> takes
    /// <see cref="DeviceAuthorizationOptions.TokenLifetime"/>.
    /// </summary>
    public TimeSpan? TokenLifetime { get; init; }
}

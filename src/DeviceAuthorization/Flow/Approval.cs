namespace DeviceAuthorization;

/// <summary>What the approver approves.</summary>
public sealed record Approval
{
    /// <summary>The granted scopes: a subset of those that were requested and that the approver has. Empty only if none was requested.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>A name for the device, at most 255 characters. <see langword="null"/> or blank keeps the name that is known or reported.</summary>
    public string? DeviceName { get; init; }

    /// <summary>Whether to create a new device even if the approver has one with the same identifier. That device then keeps its access.</summary>
    public bool AsNewDevice { get; init; }

    /// <summary>
    /// Whether the caller supports number matching (<see cref="ApproverFlow.ChooseNumberAsync"/>). If not, an approval that needs it is refused with
    /// <see cref="ApproverRefusal.NumberRequired"/>.
    /// </summary>
    public bool SupportsNumberMatching { get; init; }

    /// <summary>
    /// How long the token lives from now. <see cref="Timeout.InfiniteTimeSpan"/>: it never expires. <see langword="null"/>:
    /// <see cref="DeviceAuthorizationOptions.TokenLifetime"/>.
    /// </summary>
    public TimeSpan? TokenLifetime { get; init; }
}

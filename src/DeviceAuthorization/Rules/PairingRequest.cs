using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>A device asks to be paired (RFC 8628 §3.1).</summary>
public sealed record PairingRequest
{
    /// <summary>The client, as it calls itself.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether its polls must name it again; only RomM's clients do not.</summary>
    public bool RequiresClientId { get; init; } = true;

    /// <summary>The scopes asked for; empty asks for <see cref="DeviceAuthorizationOptions.DefaultScopes"/>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>What the device says of itself.</summary>
    public required ReportedDevice Device { get; init; }

    /// <summary>Whether the device can show a number for its owner to compare (<see cref="PollResult.NotPaired.MatchNumber"/>).</summary>
    public bool CanShowNumber { get; init; }
}

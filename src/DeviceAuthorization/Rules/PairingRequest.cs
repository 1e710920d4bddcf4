using DeviceAuthorization.Rules;

namespace DeviceAuthorization;

/// <summary>A device asks to be paired (RFC 8628 §3.1).</summary>
public sealed record PairingRequest
{
    /// <summary>The client, by the id that it sent.</summary>
    public required string ClientId { get; init; }

    /// <summary>Whether its polls must name the client again. Only RomM's clients do not.</summary>
    public bool RequiresClientId { get; init; } = true;

    /// <summary>The requested scopes; if empty, those of <see cref="DeviceAuthorizationOptions.DefaultScopes"/>.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>What the device says about itself.</summary>
    public required ReportedDevice Device { get; init; }

    /// <summary>Whether the device can show a number for number matching (<see cref="PollResult.NotPaired.MatchNumber"/>).</summary>
    public bool CanShowNumber { get; init; }
}

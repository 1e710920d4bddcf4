namespace DeviceAuthorization;

/// <summary>
/// How strictly pairings are judged. A level sets the built-in risk rule and the defaults of the settings in this table. A setting that the host sets
/// itself wins, in any order. docs/security.md has the cases of the rule.
/// <list type="table">
/// <listheader><term>Setting</term><description>Relaxed · Balanced · Strict</description></listheader>
/// <item><term>built-in risk rule</term><description>none · warns, and compares the number in risky cases · stricter</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.NumberMatching"/></term><description>Off · WhenRisky · WhenRisky</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.PairingLifetime"/></term><description>10 minutes · 10 minutes · 5 minutes</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.TokenLifetime"/></term><description>90 days · 90 days · 30 days</description></item>
/// <item><term><see cref="DeviceClient.AllowLink"/></term><description>yes · yes · no</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.CampaignThreshold"/></term><description>20 · 20 · 5</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.VoidSuspectedPairings"/></term><description>no · no · yes</description></item>
/// <item><term><see cref="DeviceRateLimits.PendingPerAddress"/></term><description>50 · 50 · 20</description></item>
/// <item><term><see cref="DeviceAuthorizationOptions.Clients"/></term><description>optional · optional · required</description></item>
/// </list>
/// </summary>
public enum SecurityLevel
{
    /// <summary>Only the host's own <see cref="IPairingPolicy"/> judges approvals.</summary>
    Relaxed,

    /// <summary>For most hosts. Pairing a device in one's own network takes no extra step, and no approval is ever blocked.</summary>
    Balanced,

    /// <summary>For hosts whose devices can do much. Only registered clients pair, codes are typed, and pairing from another network takes an extra step.</summary>
    Strict,
}

/// <summary>The settings of a level.</summary>
internal sealed record SecurityPreset
{
    private static readonly SecurityPreset Relaxed = new()
    {
        NumberMatching = NumberMatching.Off,
        PairingLifetime = TimeSpan.FromMinutes(10),
        TokenLifetime = TimeSpan.FromDays(90),
        AllowLink = true,
        CampaignThreshold = 20,
        VoidSuspectedPairings = false,
        PendingPerAddress = 50,
    };

    private static readonly SecurityPreset Balanced = Relaxed with { NumberMatching = NumberMatching.WhenRisky };

    private static readonly SecurityPreset Strict = new()
    {
        NumberMatching = NumberMatching.WhenRisky,
        PairingLifetime = TimeSpan.FromMinutes(5),
        TokenLifetime = TimeSpan.FromDays(30),
        AllowLink = false,
        CampaignThreshold = 5,
        VoidSuspectedPairings = true,
        PendingPerAddress = 20,
    };

    public required NumberMatching NumberMatching { get; init; }

    public required TimeSpan PairingLifetime { get; init; }

    public required TimeSpan TokenLifetime { get; init; }

    public required bool AllowLink { get; init; }

    public required int CampaignThreshold { get; init; }

    public required bool VoidSuspectedPairings { get; init; }

    public required int PendingPerAddress { get; init; }

    public static SecurityPreset Of(SecurityLevel level) => level switch
    {
        SecurityLevel.Relaxed => Relaxed,
        SecurityLevel.Strict => Strict,
        _ => Balanced,
    };
}

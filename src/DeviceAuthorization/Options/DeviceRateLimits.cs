using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization;

/// <summary>
/// Limits on how often devices may ask and people may enter codes. Each holds in any stretch of its time, for all nodes together where
/// <see cref="IAttemptLimiter"/> counts for all. An address is that of the connection as the host's server sees it: IPv4, or IPv6 /64.
/// What counts by address also counts for an IPv6 /48 as a whole, up to four times the limit. Behind a proxy, the host configures ASP.NET Core's
/// forwarded headers.
/// </summary>
public sealed class DeviceRateLimits
{
    /// <summary>RomM's figures: 10 starts and 60 polls a minute from one address, polls beyond that answered 429.</summary>
    public static DeviceRateLimits RomM => new() { StartsPerMinute = 10, PendingPerAddress = 100, PollsPerMinute = 60 };

    /// <summary>Whether the limits apply.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>New pairings a minute from one address.</summary>
    /// <value>10 by default; at least 1.</value>
    public int StartsPerMinute { get; set; } = 10;

    /// <summary>New pairings from one address in the time that a pairing lives, so that no address can have more that wait.</summary>
    /// <value>50 by default; at least 1.</value>
    public int PendingPerAddress { get; set; } = 50;

    /// <summary>New pairings a minute of one client, whatever their addresses; <see langword="null"/> for any number.</summary>
    /// <value><see langword="null"/> by default, for anybody can call themselves by a client's id; at least 1.</value>
    public int? StartsPerClientPerMinute { get; set; }

    /// <summary>
    /// User codes that one user may enter in ten minutes, right or wrong. What cannot be a code is not counted, nor is the decision after the entry:
    /// on the page, or by JSON with the cookie that <c>GET pending/{code}</c> sets.
    /// </summary>
    /// <value>5 by default; at least 1.</value>
    public int CodesPerUser { get; set; } = 5;

    /// <summary>The same in a day, so that whoever keeps guessing is held back for longer and longer.</summary>
    /// <value>30 by default; at least 1.</value>
    public int CodesPerUserAndDay { get; set; } = 30;

    /// <summary>User codes that may be entered from one address in ten minutes, whoever does.</summary>
    /// <value>20 by default; at least 1.</value>
    public int CodesPerAddress { get; set; } = 20;

    /// <summary>
    /// User codes that may be entered in ten minutes altogether. Anybody can use that up, so it stops nobody: beyond it the host's
    /// <see cref="ICodeEntryChallenge"/> is asked, where there is one, and <see cref="PairingEvent.LimitReached"/> is told.
    /// </summary>
    /// <value>100 by default; at least 1.</value>
    public int CodesInAll { get; set; } = 100;

    /// <summary>Whether <see cref="CodesInAll"/> does stop everybody.</summary>
    /// <value><see langword="false"/> by default.</value>
    public bool StopOverCodesInAll { get; set; }

    /// <summary>
    /// Polls a minute from one address with device codes that are unknown; beyond it they are answered 429. Polls with codes that are known are
    /// never refused by it: a home may have many devices, and a stranger behind its address, too.
    /// </summary>
    /// <value>600 by default; at least 1.</value>
    public int UnknownDeviceCodesPerMinute { get; set; } = 600;

    /// <summary>
    /// Polls a minute from one address, whatever their codes; beyond it they are answered 429 before anything is looked up. RFC 8628 clients may
    /// give up at 429; each device is paced by <c>slow_down</c> anyway.
    /// </summary>
    /// <value><see langword="null"/> by default, for any number; at least 1.</value>
    public int? PollsPerMinute { get; set; }

    /// <summary>What is out of its bounds; <see langword="null"/> when nothing is.</summary>
    internal string? Problem()
    {
        (string Name, int? Value)[] limits =
        [
            (nameof(StartsPerMinute), StartsPerMinute), (nameof(PendingPerAddress), PendingPerAddress),
            (nameof(StartsPerClientPerMinute), StartsPerClientPerMinute), (nameof(CodesPerUser), CodesPerUser),
            (nameof(CodesPerUserAndDay), CodesPerUserAndDay), (nameof(CodesPerAddress), CodesPerAddress), (nameof(CodesInAll), CodesInAll),
            (nameof(UnknownDeviceCodesPerMinute), UnknownDeviceCodesPerMinute), (nameof(PollsPerMinute), PollsPerMinute),
        ];
        var wrong = limits.FirstOrDefault(limit => limit.Value < 1);
        return wrong.Name is null ? null : $"RateLimits.{wrong.Name} is {wrong.Value}; it must be at least 1. To have no limits at all, set RateLimits.Enabled to false.";
    }
}

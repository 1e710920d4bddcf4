using DeviceAuthorization.Storage;

namespace DeviceAuthorization;

/// <summary>
/// Limits on how often devices may start and poll, and people may enter codes. Each limit holds in any window of its length, and for all nodes
/// together if their <see cref="IAttemptLimiter"/> is shared. An address is that of the connection as the host's server sees it: IPv4, or IPv6
/// /64. A limit by address also applies to an IPv6 /48 as a whole, at up to four times the figure. Behind a proxy, the host must configure
/// ASP.NET Core's forwarded headers.
/// </summary>
public sealed class DeviceRateLimits
{
    /// <summary>RomM's figures: 10 starts and 60 polls a minute from one address. Further polls get 429.</summary>
    public static DeviceRateLimits RomM => new() { StartsPerMinute = 10, PendingPerAddress = 100, PollsPerMinute = 60 };

    /// <summary>Whether the limits apply.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>New pairings a minute from one address.</summary>
    /// <value>10 by default; at least 1.</value>
    public int StartsPerMinute { get; set; } = 10;

    /// <summary>New pairings from one address within the lifetime of a pairing. No address can have more that wait.</summary>
    /// <value>By default (<see langword="null"/>) 50, or 20 with <see cref="SecurityLevel.Strict"/>; at least 1.</value>
    public int? PendingPerAddress { get; set; }

    /// <summary>New pairings a minute of one client, from all addresses together; <see langword="null"/> for no limit.</summary>
    /// <value><see langword="null"/> by default, because anybody can send a client's id; at least 1.</value>
    public int? StartsPerClientPerMinute { get; set; }

    /// <summary>
    /// User codes that one user may enter in ten minutes, right or wrong. Text that cannot be a code does not count. The decision that follows
    /// the entry does not count either: on the page, or by JSON with the cookie that <c>GET pending/{code}</c> sets.
    /// </summary>
    /// <value>5 by default; at least 1.</value>
    public int CodesPerUser { get; set; } = 5;

    /// <summary>User codes that one user may enter in a day. It slows down a user who keeps guessing.</summary>
    /// <value>30 by default; at least 1.</value>
    public int CodesPerUserAndDay { get; set; } = 30;

    /// <summary>User codes that all users together may enter from one address in ten minutes.</summary>
    /// <value>20 by default; at least 1.</value>
    public int CodesPerAddress { get; set; } = 20;

    /// <summary>
    /// User codes that all users together may enter in ten minutes. Anybody can exhaust this limit, so it blocks nobody. Beyond it, each user must
    /// pass the host's <see cref="ICodeEntryChallenge"/>, if it has one, and <see cref="PairingEvent.LimitReached"/> is reported.
    /// </summary>
    /// <value>100 by default; at least 1.</value>
    public int CodesInAll { get; set; } = 100;

    /// <summary>Whether entries beyond <see cref="CodesInAll"/> are refused.</summary>
    /// <value><see langword="false"/> by default.</value>
    public bool StopOverCodesInAll { get; set; }

    /// <summary>
    /// Polls a minute from one address with unknown device codes; further ones get 429. This limit never refuses a known code: a home may have
    /// many devices, and a stranger may share its address.
    /// </summary>
    /// <value>600 by default; at least 1.</value>
    public int UnknownDeviceCodesPerMinute { get; set; } = 600;

    /// <summary>
    /// Polls a minute from one address, with any codes; further ones get 429 before any look-up. RFC 8628 clients may give up at 429, and
    /// <c>slow_down</c> paces each device anyway.
    /// </summary>
    /// <value><see langword="null"/> by default: no limit; at least 1.</value>
    public int? PollsPerMinute { get; set; }

    /// <summary>Which limit is out of bounds; <see langword="null"/> if none is.</summary>
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

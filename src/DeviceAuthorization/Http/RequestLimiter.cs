using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Applies the limits of <see cref="DeviceRateLimits"/>. Each <c>Try</c> method counts the request, and returns whether it may continue. If not, it
/// sets <c>Retry-After</c>. An attempt to guess a code counts before the code is checked.
/// </summary>
internal sealed class RequestLimiter(
    WatchedAttemptLimiter limiter,
    OncePerKey once,
    Telemetry telemetry,
    ClientNetwork networks,
    PairingTickets tickets,
    IOptions<DeviceAuthorizationOptions> options)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>An IPv6 /48 may do as much as four networks.</summary>
    private const int NetworksPerSite = 4;

    private readonly DeviceAuthorizationOptions _options = options.Value;
    private readonly DeviceRateLimits _limits = options.Value.RateLimits;

    /// <summary>Counts a start.</summary>
    public Task<bool> TryStartAsync(HttpContext context, string clientId)
    {
        AttemptBudget[] budgets =
        [
            .. OfNetwork(context, "start", _limits.StartsPerMinute, Minute),
            .. OfNetwork(context, "pending", _options.PendingPerAddress, _options.LongestPairingLifetime),
            .. _limits.StartsPerClientPerMinute is { } limit ? new[] { new AttemptBudget($"client:{clientId}", limit, Minute) } : [],
        ];
        return TryCountAsync(context, "start", Network.SiteOf(context.Connection.RemoteIpAddress), budgets); // report the /48, not each /64
    }

    /// <summary>Counts a user code that an approver enters. A code that they have a ticket for was right, and does not count again.</summary>
    /// <param name="tooMany">Makes the answer from the time that they must wait.</param>
    /// <returns>Null if they may continue; otherwise the answer, which may be the host's <see cref="ICodeEntryChallenge"/>.</returns>
    public async Task<IResult?> EnterAsync(HttpContext context, Approver approver, UserCode code, Func<TimeSpan, IResult> tooMany)
    {
        if (!_limits.Enabled || Holds(context, approver, code))
        {
            return null;
        }

        AttemptBudget[] budgets =
        [
            new($"code:{approver.UserId}", _limits.CodesPerUser, TenMinutes),
            new($"codes-a-day:{approver.UserId}", _limits.CodesPerUserAndDay, Day),
            .. OfNetwork(context, "code-from", _limits.CodesPerAddress, TenMinutes),
        ];
        return await CountAsync(context, "code", approver.UserId, budgets) is { } wait ? tooMany(wait) : await EnterAsOneOfAllAsync(context, tooMany);
    }

    /// <summary>
    /// Sets a cookie after an approver reviewed the pairing by JSON. The code was right, so their decision does not count as another guess.
    /// </summary>
    public void Reviewed(HttpContext context, Approver approver, UserCode code)
    {
        if (_limits.Enabled)
        {
            var path = (context.Request.PathBase + context.Request.Path).ToUriComponent();
            tickets.Keep(context, path[..path.LastIndexOf("/pending/", StringComparison.OrdinalIgnoreCase)], new PairingTicket(code.RevealGrouped(), approver.UserId, IsOfLink: false));
        }
    }

    /// <summary>Counts a poll, if the host set a limit.</summary>
    public Task<bool> TryPollAsync(HttpContext context) =>
        _limits.PollsPerMinute is { } limit ? TryOfAddressAsync(context, "poll", limit, Minute) : Task.FromResult(true);

    /// <summary>Counts a poll with an unknown device code.</summary>
    public Task<bool> TryPollInVainAsync(HttpContext context) => TryOfAddressAsync(context, "device-code", _limits.UnknownDeviceCodesPerMinute, Minute);

    /// <summary>Counts what one address does.</summary>
    public Task<bool> TryOfAddressAsync(HttpContext context, string what, int limit, TimeSpan window) =>
        TryCountAsync(context, what, Network.SiteOf(context.Connection.RemoteIpAddress), OfNetwork(context, what, limit, window));

    /// <summary>
    /// The budgets of the network that a request comes from. For IPv6, also those of its /48, whose holder can choose among 65,536 /64 networks.
    /// </summary>
    private AttemptBudget[] OfNetwork(HttpContext context, string what, int limit, TimeSpan window)
    {
        var (network, site) = (networks.Of(context), Network.SiteOf(context.Connection.RemoteIpAddress));
        var ofNetwork = new AttemptBudget($"{what}:{network}", limit, window);
        return site == network ? [ofNetwork] : [ofNetwork, new($"{what}:{site}", (int)Math.Min((long)NetworksPerSite * limit, int.MaxValue), window)];
    }

    private async Task<bool> TryCountAsync(HttpContext context, string limit, string key, AttemptBudget[] budgets) =>
        await CountAsync(context, limit, key, budgets) is null;

    /// <summary>Counts a request. Null if it may continue; otherwise how long the caller must wait.</summary>
    private async Task<TimeSpan?> CountAsync(HttpContext context, string limit, string key, params AttemptBudget[] budgets)
    {
        if (!_limits.Enabled || await limiter.TryCountAsync(budgets, context.RequestAborted) is not { } wait)
        {
            return null;
        }

        await ReportAsync(context, limit, key);
        EndpointGuard.RetryAfter(context, wait);
        return wait;
    }

    /// <summary>
    /// Counts the entry against the global limit. The limit blocks people only if the host wants that, because anyone can exhaust it. It counts after
    /// the other limits: an entry beyond a person's own limit uses up none of it.
    /// </summary>
    private async Task<IResult?> EnterAsOneOfAllAsync(HttpContext context, Func<TimeSpan, IResult> tooMany)
    {
        var all = new AttemptBudget("codes-in-all", _limits.CodesInAll, TenMinutes);
        if (_limits.StopOverCodesInAll)
        {
            return await CountAsync(context, "codes-in-all", "all", all) is { } wait ? tooMany(wait) : null;
        }

        if (await limiter.TryCountAsync([all], context.RequestAborted) is null)
        {
            return null;
        }

        await ReportAsync(context, "codes-in-all", "all");
        return context.RequestServices.GetService<ICodeEntryChallenge>() is { } challenge ? await HostCode.RunAsync(nameof(ICodeEntryChallenge), () => challenge.ChallengeAsync(context)) : null;
    }

    private async Task ReportAsync(HttpContext context, string limit, string key)
    {
        telemetry.Refused(limit);
        if (await once.IsFirstAsync($"{limit}:{key}", TenMinutes))
        {
            await context.RequestServices.GetRequiredService<EventReporter>().ReportAsync(new PairingEvent.LimitReached(limit, key));
        }
    }

    private bool Holds(HttpContext context, Approver approver, UserCode code) =>
        tickets.Of(context) is { } ticket
        && ticket.IsOf(approver)
        && string.Equals(ticket.Code, code.RevealGrouped(), StringComparison.Ordinal);
}

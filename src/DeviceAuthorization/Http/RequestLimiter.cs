using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// The limits of <see cref="DeviceRateLimits"/>. Each step answers null when the request may go on, and else what to answer instead; what is
/// guessed at is counted before it is looked up.
/// </summary>
internal sealed class RequestLimiter(
    IAttemptLimiter limiter,
    OncePerKey once,
    ClientNetwork networks,
    PairingTickets tickets,
    IOptions<DeviceAuthorizationOptions> options)
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan TenMinutes = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    /// <summary>A company or a campus that has an IPv6 /48 may start as much as so many homes.</summary>
    private const int NetworksPerSite = 4;

    private readonly DeviceAuthorizationOptions _options = options.Value;
    private readonly DeviceRateLimits _limits = options.Value.RateLimits;

    /// <summary>A device asks to be paired. Who has an IPv6 /48 has 65,536 /64, so it is counted, too.</summary>
    public Task<IResult?> StartAsync(HttpContext context, string clientId, Func<IResult> tooMany)
    {
        var (network, site) = (networks.Of(context), Network.SiteOf(context.Connection.RemoteIpAddress));
        AttemptBudget[] budgets =
        [
            .. StartsOf(network, 1),
            .. site == network ? [] : StartsOf(site, NetworksPerSite),
            .. _limits.StartsPerClientPerMinute is { } limit ? new[] { new AttemptBudget($"client:{clientId}", limit, Minute) } : [],
        ];
        return CountAsync(context, "start", site, tooMany, budgets); // told of the site: it has so many networks that each would be told

        AttemptBudget[] StartsOf(string key, long times) =>
        [
            new($"start:{key}", (int)Math.Min(times * _limits.StartsPerMinute, int.MaxValue), Minute),
            new($"pending:{key}", (int)Math.Min(times * _limits.PendingPerAddress, int.MaxValue), _options.LongestPairingLifetime),
        ];
    }

    /// <summary>
    /// An approver enters a user code. A code that they entered before and hold the ticket of is not counted again: it was right.
    /// </summary>
    public async Task<IResult?> EnterAsync(HttpContext context, Approver approver, UserCode code, Func<IResult> tooMany)
    {
        if (!_limits.Enabled || Holds(context, approver, code))
        {
            return null;
        }

        var network = networks.Of(context);
        return await CountAsync(
                context,
                "code",
                approver.UserId,
                tooMany,
                new($"code:{approver.UserId}", _limits.CodesPerUser, TenMinutes),
                new($"codes-a-day:{approver.UserId}", _limits.CodesPerUserAndDay, Day),
                new($"code-from:{network}", _limits.CodesPerAddress, TenMinutes))
            ?? await EnterAsOneOfAllAsync(context, tooMany);
    }

    /// <summary>The code of a look-up by JSON was right: the decision that comes with this cookie is no further guess.</summary>
    public void Entered(HttpContext context, Approver approver, UserCode code, ApproverResult result)
    {
        if (_limits.Enabled && result is ApproverResult.Review)
        {
            var path = (context.Request.PathBase + context.Request.Path).ToUriComponent();
            tickets.Keep(context, path[..path.LastIndexOf("/pending/", StringComparison.OrdinalIgnoreCase)], code.RevealGrouped(), approver.UserId, isOfLink: false);
        }
    }

    /// <summary>A device polls, whatever with: only where the host wants that to be counted.</summary>
    public Task<IResult?> PollAsync(HttpContext context, Func<IResult> tooMany) =>
        _limits.PollsPerMinute is { } limit ? OfAddressAsync(context, "poll", limit, Minute, tooMany) : Task.FromResult<IResult?>(null);

    /// <summary>It polled with a device code that is not known.</summary>
    public Task<IResult?> PolledInVainAsync(HttpContext context, Func<IResult> tooMany) =>
        OfAddressAsync(context, "device-code", _limits.UnknownDeviceCodesPerMinute, Minute, tooMany);

    /// <summary>What one address does, whoever it is.</summary>
    public Task<IResult?> OfAddressAsync(HttpContext context, string what, int limit, TimeSpan window, Func<IResult> tooMany)
    {
        var network = networks.Of(context);
        return CountAsync(context, what, network, tooMany, new AttemptBudget($"{what}:{network}", limit, window));
    }

    /// <summary>Counts against all of them, or refuses, and says so once in the while.</summary>
    private async Task<IResult?> CountAsync(HttpContext context, string limit, string key, Func<IResult> tooMany, params AttemptBudget[] budgets)
    {
        if (!_limits.Enabled || await limiter.TryCountAsync(budgets, context.RequestAborted) is not { } wait)
        {
            return null;
        }

        await TellAsync(context, limit, key);
        EndpointGuard.RetryAfter(context, wait);
        return tooMany();
    }

    /// <summary>
    /// Who is over the budget of all is stopped only if the host says so: anybody can burn it. It is counted after the others, so that whoever
    /// is stopped by their own takes nothing of it.
    /// </summary>
    private async Task<IResult?> EnterAsOneOfAllAsync(HttpContext context, Func<IResult> tooMany)
    {
        var all = new AttemptBudget("codes-in-all", _limits.CodesInAll, TenMinutes);
        if (_limits.StopOverCodesInAll)
        {
            return await CountAsync(context, "codes-in-all", "all", tooMany, all);
        }

        if (await limiter.TryCountAsync([all], context.RequestAborted) is null)
        {
            return null;
        }

        await TellAsync(context, "codes-in-all", "all");
        return context.RequestServices.GetService<ICodeEntryChallenge>() is { } challenge ? await challenge.ChallengeAsync(context) : null;
    }

    private async Task TellAsync(HttpContext context, string limit, string key)
    {
        if (await once.IsFirstAsync($"{limit}:{key}", TenMinutes))
        {
            await context.RequestServices.GetRequiredService<EventReporter>().ReportAsync(new PairingEvent.LimitReached(limit, key));
        }
    }

    private bool Holds(HttpContext context, Approver approver, UserCode code) =>
        tickets.TryRead(context.Request.Cookies[PairingTickets.Cookie], out var ticket)
        && ticket.IsOf(approver)
        && string.Equals(ticket.Code, code.RevealGrouped(), StringComparison.Ordinal);
}

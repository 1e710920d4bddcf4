using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Rules;
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

    /// <summary>A /48 may do as much as four homes.</summary>
    private const int NetworksPerSite = 4;

    private readonly DeviceAuthorizationOptions _options = options.Value;
    private readonly DeviceRateLimits _limits = options.Value.RateLimits;

    /// <summary>A device asks to be paired. IPv6 also counts by /48: its holder can choose among 65,536 /64 networks.</summary>
    public Task<IResult?> StartAsync(HttpContext context, string clientId, Func<IResult> tooMany)
    {
        AttemptBudget[] budgets =
        [
            .. OfNetwork(context, "start", _limits.StartsPerMinute, Minute),
            .. OfNetwork(context, "pending", _limits.PendingPerAddress, _options.LongestPairingLifetime),
            .. _limits.StartsPerClientPerMinute is { } limit ? new[] { new AttemptBudget($"client:{clientId}", limit, Minute) } : [],
        ];
        return CountAsync(context, "start", Network.SiteOf(context.Connection.RemoteIpAddress), tooMany, budgets); // Report the /48, not each /64.
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

        return await CountAsync(
                context,
                "code",
                approver.UserId,
                tooMany,
                [
                    new($"code:{approver.UserId}", _limits.CodesPerUser, TenMinutes),
                    new($"codes-a-day:{approver.UserId}", _limits.CodesPerUserAndDay, Day),
                    .. OfNetwork(context, "code-from", _limits.CodesPerAddress, TenMinutes),
                ])
            ?? await EnterAsOneOfAllAsync(context, tooMany);
    }

    /// <summary>An approver reviewed the pairing by JSON, so the code was right. Their decision brings this cookie and is not counted as another guess.</summary>
    public void Reviewed(HttpContext context, Approver approver, UserCode code)
    {
        if (_limits.Enabled)
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
    public Task<IResult?> OfAddressAsync(HttpContext context, string what, int limit, TimeSpan window, Func<IResult> tooMany) =>
        CountAsync(context, what, Network.SiteOf(context.Connection.RemoteIpAddress), tooMany, OfNetwork(context, what, limit, window));

    /// <summary>What counts for the network that a request comes from; with IPv6 for its /48, too.</summary>
    private AttemptBudget[] OfNetwork(HttpContext context, string what, int limit, TimeSpan window)
    {
        var (network, site) = (networks.Of(context), Network.SiteOf(context.Connection.RemoteIpAddress));
        var ofNetwork = new AttemptBudget($"{what}:{network}", limit, window);
        return site == network ? [ofNetwork] : [ofNetwork, new($"{what}:{site}", (int)Math.Min((long)NetworksPerSite * limit, int.MaxValue), window)];
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
        tickets.Of(context) is { } ticket
        && ticket.IsOf(approver)
        && string.Equals(ticket.Code, code.RevealGrouped(), StringComparison.Ordinal);
}

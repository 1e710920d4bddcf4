using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>How often one address may do what form endpoints offer, by the same rules as <see cref="StartLimiter"/>.</summary>
internal static class AddressLimit
{
    /// <summary>Counts an attempt; the answer when there was no room for it, null when there was.</summary>
    public static async Task<IResult?> RefuseAsync(HttpContext context, string what, int limit, TimeSpan window)
    {
        var services = context.RequestServices;
        if (!services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.RateLimits.Enabled)
        {
            return null;
        }

        var budget = new AttemptBudget($"{what}:{Network.Of(context.Connection.RemoteIpAddress)}", limit, window);
        if (await services.GetRequiredService<IAttemptLimiter>().TryCountAsync([budget], context.RequestAborted) is not { } wait)
        {
            return null;
        }

        EndpointGuard.RetryAfter(context, wait);
        return FormDialect.TooMany();
    }
}

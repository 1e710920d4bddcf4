using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>
/// A client gives its token back (RFC 7009), for example when a person signs out on the device. The device stays in its owner's list, without access. Or it
/// gives its device code back: it does not wait for the approval any more.
/// </summary>
internal static class RevocationEndpoint
{
    private const int PerMinute = 60;

    public static async Task<IResult> RevokeAsync(
        HttpContext context,
        RequestLimiter limits,
        ClientCredentials credentials,
        WatchedDeviceRepository devices,
        DeviceRegistry registry,
        DeviceFlow flow,
        IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await TokenOfClient.ReadAsync(context, credentials.IdentifyAsync)).TryGet(out var request, out var refusal))
        {
            return refusal;
        }

        // A client that proved who it is may sign out any number of its devices.
        if (options.Value.IsPublic(request.ClientId!) && !await limits.TryOfAddressAsync(context, "revoke", PerMinute, TimeSpan.FromMinutes(1)))
        {
            return Problems.TooMany();
        }

        if (DeviceCode.TryParse(request.Token, out var deviceCode)) // no access token looks like one
        {
            return await flow.WithdrawAsync(deviceCode, request.ClientId, context.RequestAborted)
                ? TypedResults.Ok()
                : Problems.OAuth(PairingError.InvalidGrant, "The device code was not issued to this client.");
        }

        if (await devices.FindPresentedAsync(request.Token, options.Value.TokenPrefix, context.RequestAborted) is not { Token: var issued })
        {
            return TypedResults.Ok(); // the token is not live, which is what the client wants (§2.2)
        }

        if (!string.Equals(issued.ClientId, request.ClientId, StringComparison.Ordinal))
        {
            return Problems.OAuth(PairingError.InvalidGrant, "The token was not issued to this client."); // §2.1 names no code
        }

        await registry.RevokeTokenAsync(issued.UserId, issued.Id, context.RequestAborted, onlyWith: issued.Hash); // its owner may have renewed it meanwhile
        return TypedResults.Ok();
    }
}

using DeviceAuthorization.Flow;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Tokens;

/// <summary>
/// A client gives its token back (RFC 7009): when somebody signs out on the device. Its device stays in its owner's list, without access.
/// </summary>
internal static class RevocationEndpoint
{
    private const int PerMinute = 60;

    public static async Task<IResult> RevokeAsync(
        HttpContext context,
        RequestLimiter limits,
        ClientCredentials credentials,
        IDeviceRepository devices,
        DeviceRegistry registry,
        IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await TokenRequest.ReadAsync(context, credentials, mustProve: false)).TryGet(out var request, out var refusal))
        {
            return refusal;
        }

        // A client that proved who it is may sign out as many devices as it has.
        if (options.Value.IsPublic(request.ClientId) && await limits.OfAddressAsync(context, "revoke", PerMinute, TimeSpan.FromMinutes(1), FormDialect.TooMany) is { } tooMany)
        {
            return tooMany;
        }

        // What is no live token is as the client wants it: 200 (§2.2).
        if (!DeviceToken.TryParse(request.Token, options.Value.TokenPrefix, out var token)
            || await devices.FindTokenAsync(token.Hash(), context.RequestAborted) is not { Token: var issued })
        {
            return TypedResults.Ok();
        }

        if (!string.Equals(issued.ClientId, request.ClientId, StringComparison.Ordinal))
        {
            return FormDialect.Error(PairingError.InvalidGrant, "The token was not issued to this client."); // 2.1 names no code
        }

        await registry.RevokeTokenAsync(issued.UserId, issued.Id, context.RequestAborted, onlyWith: issued.Hash); // its owner may have renewed it meanwhile
        return TypedResults.Ok();
    }
}

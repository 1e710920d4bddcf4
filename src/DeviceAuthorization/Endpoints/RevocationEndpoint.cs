using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>
/// A client gives its token back (RFC 7009): when somebody signs out on the device. Its device stays in its owner's list, without access.
/// </summary>
internal static class RevocationEndpoint
{
    private const int PerMinute = 60;
    private static readonly string[] Known = ["client_id", "client_secret", "token", "token_type_hint"]; // a hint may be ignored (§2.1): there is one kind

    public static async Task<IResult> RevokeAsync(
        HttpContext context,
        RequestLimiter limits,
        ClientCredentials credentials,
        IDeviceRepository devices,
        DeviceRegistry registry,
        IOptions<DeviceAuthorizationOptions> options)
    {
        if (!(await FormDialect.ReadFormAsync(context.Request, Known)).TryGet(out var form, out var unread))
        {
            return unread;
        }

        if (await limits.RepeatAsync(context, "revoke", PerMinute, TimeSpan.FromMinutes(1)) is { } tooMany)
        {
            return tooMany;
        }

        if (!(await credentials.ReadAsync(context, form)).TryGet(out var clientId, out var unidentified))
        {
            return unidentified;
        }

        if (form["token"] is not { } text)
        {
            return FormDialect.Error(PairingError.InvalidRequest, "The parameter token is missing.");
        }

        // What is no live token is as the client wants it: 200 (§2.2).
        if (!DeviceToken.TryParse(text, options.Value.TokenPrefix, out var token)
            || await devices.FindTokenAsync(token.Hash(), context.RequestAborted) is not { Token: var issued })
        {
            return TypedResults.Ok();
        }

        if (!string.Equals(issued.ClientId, clientId, StringComparison.Ordinal))
        {
            return FormDialect.Error(PairingError.InvalidGrant, "The token was not issued to this client."); // 2.1 names no code
        }

        await registry.RevokeTokenAsync(issued.UserId, issued.Id, context.RequestAborted, onlyWith: issued.Hash); // its owner may have renewed it meanwhile
        return TypedResults.Ok();
    }
}

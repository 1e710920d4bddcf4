using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Records in a cookie session when its owner signed in. Renewals of the cookie keep this item: sliding expiration, the security stamp check of
/// ASP.NET Core Identity, and <c>RefreshSignInAsync</c>. They change IssuedUtc and the claims.
/// </summary>
internal sealed class SignInStamp(IAuthenticationSchemeProvider schemes, TimeProvider clock) : IPostConfigureOptions<CookieAuthenticationOptions>
{
    private const string Item = "da.signed_in";

    /// <summary>The item in which a remote handler stores its scheme name when it signs a person in.</summary>
    private const string RemoteScheme = ".AuthScheme";

    /// <summary>The greatest age of the ticket of a sign-in, which is issued in whole seconds. A renewal passes on an older ticket.</summary>
    private static readonly TimeSpan Issuing = TimeSpan.FromSeconds(5);

    public void PostConfigure(string? name, CookieAuthenticationOptions options)
    {
        var next = options.Events.OnSigningIn;
        options.Events.OnSigningIn = async context =>
        {
            Write(context.Properties, IsNew(context) && !await IsRemoteAsync(context) ? clock.GetUtcNow() : null);
            await next(context);
        };
    }

    /// <summary>Records when the owner of this session signed in; null if this is no sign-in here. The first record stays.</summary>
    public static void Write(AuthenticationProperties properties, DateTimeOffset? at) =>
        // Store an empty item, too: without one, the next renewal of this session would look like a sign-in here.
        properties.Items.TryAdd(Item, at?.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) ?? "");

    /// <summary>When the owner of this session signed in; null if it was not recorded.</summary>
    public static DateTimeOffset? Read(AuthenticationProperties properties) =>
        properties.Items.TryGetValue(Item, out var noted) && long.TryParse(noted, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
        && milliseconds <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;

    /// <summary>Whether an identity provider's scheme signed the person in. Such a scheme keeps its session in a cookie of another scheme.</summary>
    public static bool IsOfProvider(AuthenticationProperties properties) => properties.Items.ContainsKey(RemoteScheme);

    /// <summary>Whether the ticket is that of a sign-in. A renewal passes on an older ticket, which may have no item yet.</summary>
    private static bool IsNew(CookieSigningInContext context) =>
        (context.Options.TimeProvider ?? TimeProvider.System).GetUtcNow() - context.Properties.IssuedUtc < Issuing;

    /// <summary>
    /// Whether an identity provider signed the person in. The host then knows only that the provider sent them back, perhaps without asking them
    /// anything. Only the provider's auth_time says when they proved who they are. ASP.NET Core Identity stores the provider's scheme in a claim.
    /// </summary>
    private async Task<bool> IsRemoteAsync(CookieSigningInContext context)
    {
        var named = context.Principal?.FindAll(ClaimTypes.AuthenticationMethod).Select(claim => claim.Value) ?? [];
        foreach (var scheme in named)
        {
            if (typeof(IAuthenticationRequestHandler).IsAssignableFrom((await schemes.GetSchemeAsync(scheme))?.HandlerType))
            {
                return true;
            }
        }

        return IsOfProvider(context.Properties);
    }
}

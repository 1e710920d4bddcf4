using System.Globalization;
using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Notes in a cookie session when its owner signed in. The item stays as it is when the cookie is renewed: by sliding expiration, by the check of
/// the security stamp in ASP.NET Core Identity, by <c>RefreshSignInAsync</c>. IssuedUtc and claims do not.
/// </summary>
internal sealed class SignInStamp(IAuthenticationSchemeProvider schemes, TimeProvider clock) : IPostConfigureOptions<CookieAuthenticationOptions>
{
    private const string Item = "da.signed_in";

    /// <summary>Where a remote handler leaves its name in the ticket that it signs in with.</summary>
    private const string RemoteScheme = ".AuthScheme";

    /// <summary>A new ticket is issued at this moment, in whole seconds; one that is passed on was issued before.</summary>
    private static readonly TimeSpan Issuing = TimeSpan.FromSeconds(5);

    public void PostConfigure(string? name, CookieAuthenticationOptions options)
    {
        var next = options.Events.OnSigningIn;
        options.Events.OnSigningIn = async context =>
        {
            // An empty note is kept, too: a renewal of this session would look like a sign-in here if there were none.
            var isSignInHere = IsNew(context) && !await IsRemoteAsync(context);
            context.Properties.Items.TryAdd(Item, isSignInHere ? clock.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture) : "");
            await next(context);
        };
    }

    /// <summary>When the owner of this session signed in; null when it was not noted.</summary>
    public static DateTimeOffset? Read(AuthenticationProperties properties) =>
        properties.Items.TryGetValue(Item, out var noted) && long.TryParse(noted, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds)
            ? DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)
            : null;

    /// <summary>Whether a provider's scheme signed them in, which leaves its session in a cookie of another scheme.</summary>
    public static bool IsOfProvider(AuthenticationProperties properties) => properties.Items.ContainsKey(RemoteScheme);

    /// <summary>The properties of an older ticket would make a renewal look like a sign-in, if that ticket has no note yet.</summary>
    private static bool IsNew(CookieSigningInContext context) =>
        (context.Options.TimeProvider ?? TimeProvider.System).GetUtcNow() - context.Properties.IssuedUtc < Issuing;

    /// <summary>
    /// Whether an identity provider signed the person in. Then the host knows only that the provider sent them back, perhaps without a question;
    /// when they proved who they are, its auth_time tells. ASP.NET Core Identity puts the provider's scheme into a claim.
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

using DeviceAuthorization;
using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Identity;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets the accounts of ASP.NET Core Identity decide which devices may call.</summary>
public static class DeviceAuthorizationIdentityExtensions
{
    /// <summary>
    /// Registers an <see cref="IPairingPolicy"/> that asks ASP.NET Core Identity. An account that is deleted, locked out, or not confirmed where the host
    /// requires that (<see cref="SignInOptions"/>) approves nothing, and the next call of its devices is refused. When the lockout ends, its devices
    /// work again. Each call of a device costs one query for its user.
    /// </summary>
    /// <remarks>
    /// A sign-in with an older security stamp does not count on the pages and in the API of the approver: the person signs in again. Identity itself checks that
    /// only every 30 minutes. A sign-in without a stamp, such as a JWT that the host issues, counts until it expires.
    /// </remarks>
    /// <typeparam name="TUser">The host's user, as in <c>AddDefaultIdentity&lt;TUser&gt;()</c>. Its id is the user id of devices.</typeparam>
    /// <param name="endsWithSecurityStamp">
    /// Whether a new security stamp ends the access of the account's devices and tokens. Identity changes the stamp with the password, the e-mail
    /// address, the second factor and in <c>UpdateSecurityStampAsync</c>. The devices stay in the list and can pair again. Tokens from before
    /// <c>AddIdentityPolicy</c> have no stamp and go on. With <see langword="false"/>, devices keep their access, and the host calls
    /// <see cref="DeviceAccess.SignOutEverywhereAsync"/> where it wants to end it.
    /// </param>
    public static DeviceAuthorizationBuilder AddIdentityPolicy<TUser>(this DeviceAuthorizationBuilder builder, bool endsWithSecurityStamp = true)
        where TUser : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<DeviceAuthorizationOptions>().Validate<IServiceProviderIsService>(
            (_, services) => services.IsService(typeof(SignInManager<TUser>)),
            $"AddIdentityPolicy<{typeof(TUser).Name}>() needs ASP.NET Core Identity with {typeof(TUser).Name}: call AddIdentity, AddDefaultIdentity or AddIdentityApiEndpoints with it, or AddIdentityCore(…).AddSignInManager().");
        builder.Services.AddScoped<IPairingPolicy>(services => ActivatorUtilities.CreateInstance<IdentityPolicy<TUser>>(services, endsWithSecurityStamp));
        return builder;
    }
}

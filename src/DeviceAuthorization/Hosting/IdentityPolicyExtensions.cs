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
    /// <remarks>A changed password ends no device. To end them all, call <see cref="DeviceAccess.SignOutEverywhereAsync"/>.</remarks>
    /// <typeparam name="TUser">The host's user, as in <c>AddDefaultIdentity&lt;TUser&gt;()</c>. Its id is the user id of devices.</typeparam>
    public static DeviceAuthorizationBuilder AddIdentityPolicy<TUser>(this DeviceAuthorizationBuilder builder)
        where TUser : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddScoped<IPairingPolicy, IdentityPolicy<TUser>>();
        return builder;
    }
}

using Microsoft.AspNetCore.Identity;

namespace DeviceAuthorization.Authentication;

/// <summary>What ASP.NET Core Identity knows of an account. One query for each request of a device: Identity's stores remember the user they found.</summary>
internal sealed class IdentityPolicy<TUser>(UserManager<TUser> users, SignInManager<TUser> signIn) : IPairingPolicy
    where TUser : class
{
    public async ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        await users.FindByIdAsync(userId) is { } user
        && await signIn.CanSignInAsync(user) // confirmed, where the host requires that; it does not ask about lockout
        && !(users.SupportsUserLockout && await users.IsLockedOutAsync(user));
}

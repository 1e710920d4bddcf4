using System.Security.Claims;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>What ASP.NET Core Identity knows of an account. One query for each request of a device: Identity's stores remember the user they found.</summary>
/// <param name="endsWithStamp">Whether a new security stamp ends what the account let in.</param>
internal sealed class IdentityPolicy<TUser>(UserManager<TUser> users, SignInManager<TUser> signIn, IOptions<IdentityOptions> options, bool endsWithStamp) : IPairingPolicy
    where TUser : class
{
    public async ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        await users.FindByIdAsync(userId) is { } user
        && await signIn.CanSignInAsync(user) // confirmed, where the host requires that; it does not ask about lockout
        && !(users.SupportsUserLockout && await users.IsLockedOutAsync(user));

    public async ValueTask<string?> GetStampAsync(string userId, CancellationToken cancellationToken) =>
        endsWithStamp && users.SupportsUserSecurityStamp && await users.FindByIdAsync(userId) is { } user ? await users.GetSecurityStampAsync(user) : null;

    /// <summary>Identity checks the stamp in its cookies and tokens only from time to time. A token that is given meanwhile would keep the new stamp.</summary>
    public async ValueTask<bool> AcceptsSignInAsync(ClaimsPrincipal person, CancellationToken cancellationToken) =>
        !person.HasClaim(claim => claim.Type == options.Value.ClaimsIdentity.SecurityStampClaimType)
        || await signIn.ValidateSecurityStampAsync(person) is not null;
}

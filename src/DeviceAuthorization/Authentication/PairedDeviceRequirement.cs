using Microsoft.AspNetCore.Authorization;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Requires a valid token that belongs to a device. Checks only the identity that our handler made, because a person's sign-in may hold a claim of
/// the same name.
/// </summary>
internal sealed class PairedDeviceRequirement : AuthorizationHandler<PairedDeviceRequirement>, IAuthorizationRequirement
{
    /// <summary>
    /// The policy needs a name. Beside an <see cref="AuthorizationPolicy"/> on the same endpoint or its group, ASP.NET Core ignores a
    /// <c>RequireAuthorization()</c> without arguments. Beside a named policy, that call still requires the host's default policy.
    /// </summary>
    public const string PolicyName = "DeviceAuthorization.PairedDevice";

    public static readonly AuthorizationPolicy Policy = new AuthorizationPolicyBuilder(DeviceTokenDefaults.AuthenticationScheme)
        .RequireAuthenticatedUser()
        .AddRequirements(new PairedDeviceRequirement())
        .Build();

    public override string ToString() => "The token must belong to a paired device.";

    protected override Task HandleRequirementAsync(AuthorizationHandlerContext context, PairedDeviceRequirement requirement)
    {
        if (context.User.Identities.Any(identity =>
            identity.AuthenticationType == DeviceTokenDefaults.AuthenticationType && identity.HasClaim(claim => claim.Type == DeviceTokenDefaults.DeviceIdClaim)))
        {
            context.Succeed(requirement);
        }

        return Task.CompletedTask;
    }
}

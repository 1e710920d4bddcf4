using Microsoft.AspNetCore.Authorization;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// The caller is a paired device: its token is valid, and belongs to a device. It looks at the identity that our handler made, since a person's
/// sign-in may hold a claim of the same name.
/// </summary>
internal sealed class PairedDeviceRequirement : AuthorizationHandler<PairedDeviceRequirement>, IAuthorizationRequirement
{
    /// <summary>
    /// The policy has a name because of ASP.NET Core: beside an <see cref="AuthorizationPolicy"/> on the same endpoint or its group, a
    /// <c>RequireAuthorization()</c> without arguments no longer means the host's default policy. Beside a named one it does.
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

using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// The caller is a paired device: its token is valid, and belongs to a device. It looks at the identity that our handler made, since a person's
/// sign-in may hold a claim of the same name.
/// </summary>
internal sealed class PairedDeviceRequirement : AuthorizationHandler<PairedDeviceRequirement>, IAuthorizationRequirement
{
    public static readonly AuthorizationPolicy Policy = new AuthorizationPolicyBuilder(DeviceTokenDefaults.AuthenticationScheme)
        .RequireAuthenticatedUser()
        .AddRequirements(new PairedDeviceRequirement())
        .Build();

    /// <summary>What <c>RequireAuthorization(Policy)</c> adds. Without the attribute, a host that lacks the middleware would not be told so.</summary>
    public static void AddTo(EndpointBuilder builder)
    {
        if (!builder.Metadata.Any(metadata => metadata is IAuthorizeData))
        {
            builder.Metadata.Add(new AuthorizeAttribute());
        }

        builder.Metadata.Add(Policy);
    }

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

using System.Reflection;
using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.SignalR;

namespace DeviceAuthorization;

/// <summary>
/// Requires a scope, on an MVC controller or action, a Razor page, a SignalR hub, or a minimal-API handler: 401 without a valid token, 403
/// <c>insufficient_scope</c> without the scope (RFC 6750 §3.1). Several attributes require each of their scopes.
/// </summary>
/// <remarks>
/// A method of a hub can have it, too: a call without the scope is a <see cref="HubException"/>. Where ASP.NET Core reads no requirements of attributes, it
/// refuses everybody: in MVC without endpoint routing, and in an interactive Blazor component.
/// <para>
/// <see cref="AuthorizeAttribute.AuthenticationSchemes"/> is that of paired devices by default. For an action that people call too, name a scheme of
/// the host that forwards to the right one, and give people their scopes in claims of the type <see cref="DeviceTokenDefaults.ScopeClaim"/>.
/// </para>
/// </remarks>
public sealed class RequireScopeAttribute : AuthorizeAttribute, IAuthorizationRequirementData
{
    /// <summary>
    /// The name of a policy that requires only that somebody is authenticated, and that the scopes are checked. Without a policy of its own, the attribute
    /// would also require the host's default policy, which may be for people only.
    /// </summary>
    internal const string PolicyName = "DeviceAuthorization.Scope";

    internal static readonly AuthorizationPolicy CheckedPolicy = new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireAssertion(AreScopesChecked).Build();

    /// <summary>Requires a scope.</summary>
    /// <param name="scope">Its name, one of <see cref="DeviceAuthorizationOptions.Scopes"/>.</param>
    public RequireScopeAttribute(string scope)
        : base(PolicyName)
    {
        ArgumentException.ThrowIfNullOrEmpty(scope);
        (Scope, AuthenticationSchemes) = (scope, DeviceTokenDefaults.AuthenticationScheme);
    }

    /// <summary>The required scope.</summary>
    public string Scope { get; }

    IEnumerable<IAuthorizationRequirement> IAuthorizationRequirementData.GetRequirements() =>
        [new ClaimsAuthorizationRequirement(DeviceTokenDefaults.ScopeClaim, [Scope])];

    /// <summary>
    /// Only the authorization of endpoints reads <see cref="IAuthorizationRequirementData"/>. Elsewhere the attribute would let everybody in who is
    /// authenticated. For methods of hubs, this checks the scopes itself.
    /// </summary>
    private static bool AreScopesChecked(AuthorizationHandlerContext context) => context.Resource is HubInvocationContext call
        ? call.HubMethod.GetCustomAttributes<RequireScopeAttribute>().All(required => context.User.HasClaim(DeviceTokenDefaults.ScopeClaim, required.Scope))
        : context.Requirements.OfType<ClaimsAuthorizationRequirement>().Any(requirement => requirement.ClaimType == DeviceTokenDefaults.ScopeClaim);
}

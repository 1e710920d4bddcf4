using DeviceAuthorization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds the bearer authentication of paired devices.</summary>
    public static class DeviceTokenAuthenticationBuilderExtensions
    {
        /// <summary>Adds the scheme <see cref="DeviceTokenDefaults.AuthenticationScheme"/> (RFC 6750).</summary>
        /// <param name="builder">The host's authentication.</param>
        /// <param name="configure">Changes its settings.</param>
        public static AuthenticationBuilder AddDeviceToken(this AuthenticationBuilder builder, Action<DeviceTokenOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.AddScheme<DeviceTokenOptions, DeviceTokenHandler>(DeviceTokenDefaults.AuthenticationScheme, configure);
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Lets only paired devices call an endpoint.</summary>
    public static class DeviceTokenEndpointExtensions
    {
        /// <summary>Only a paired device that has the scope may call: 401 without a valid token, 403 <c>insufficient_scope</c> without the scope.</summary>
        /// <param name="builder">The endpoint or group.</param>
        /// <param name="scope">The scope; several calls require each of them.</param>
        public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
            where TBuilder : IEndpointConventionBuilder
        {
            ArgumentException.ThrowIfNullOrEmpty(scope);
            return builder
                .RequireAuthorization(Devices().RequireClaim(DeviceTokenDefaults.ScopeClaim, scope).Build())
                .WithMetadata(new RequiredScope(scope));
        }

        /// <summary>Only a paired device may call, whatever its scopes: 401 without a valid token.</summary>
        /// <param name="builder">The endpoint or group.</param>
        public static TBuilder RequirePairedDevice<TBuilder>(this TBuilder builder)
            where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(Devices().Build());

        private static AuthorizationPolicyBuilder Devices() =>
            new AuthorizationPolicyBuilder(DeviceTokenDefaults.AuthenticationScheme).RequireAuthenticatedUser();
    }
}

namespace Microsoft.AspNetCore.Http
{
    /// <summary>Reads the device of a request.</summary>
    public static class PairedDeviceHttpContextExtensions
    {
        /// <summary>The device that makes this request; <see langword="null"/> when none was authenticated.</summary>
        /// <param name="context">The request.</param>
        public static PairedDevice? GetPairedDevice(this HttpContext context)
        {
            ArgumentNullException.ThrowIfNull(context);
            return context.Features.Get<PairedDevice>();
        }
    }
}

using DeviceAuthorization;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Hosting;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds the bearer authentication of paired devices.</summary>
    public static class DeviceTokenAuthenticationBuilderExtensions
    {
        private static readonly ObjectFactory<DeviceTokenHandler> Handler = ActivatorUtilities.CreateFactory<DeviceTokenHandler>([]);

        /// <summary>
        /// Adds the scheme <see cref="DeviceTokenDefaults.AuthenticationScheme"/> (RFC 6750). Keeps the host's default: a host with one other scheme
        /// still uses that one by default.
        /// </summary>
        public static AuthenticationBuilder AddDeviceToken(this AuthenticationBuilder builder, Action<DeviceTokenOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(builder);
            builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<AuthenticationOptions>, OnlySchemeAsDefault>());
            builder.Services.AddOptions<DeviceTokenOptions>(DeviceTokenDefaults.AuthenticationScheme)
                .Validate<IServiceProvider>(
                    (_, services) => services.GetService<MappedEndpoints>() is not null,
                    "Call services.AddDeviceAuthorization(), too: AddDeviceToken() authenticates the devices that pair with it.")
                .ValidateOnStart();
            builder.AddScheme<DeviceTokenOptions, DeviceTokenHandler>(DeviceTokenDefaults.AuthenticationScheme, configure);

            // By a factory, into which the container's own check at build does not look: its long message would come before the one above.
            builder.Services.Replace(ServiceDescriptor.Transient(services => Handler(services, null)));
            return builder;
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Restricts an endpoint to paired devices or to a scope.</summary>
    public static class DeviceTokenEndpointExtensions
    {
        /// <summary>
        /// Requires a scope: 401 without a valid token, 403 <c>insufficient_scope</c> without the scope. Several calls require each of their scopes. In
        /// MVC: <see cref="RequireScopeAttribute"/>.
        /// </summary>
        /// <param name="authenticationScheme">
        /// The scheme that authenticates; by default that of paired devices. For an endpoint that people call too, name a scheme of the host that
        /// forwards to the right one, and give people their scopes in claims of the type <see cref="DeviceTokenDefaults.ScopeClaim"/>.
        /// </param>
        public static TBuilder RequireScope<TBuilder>(
            this TBuilder builder, string scope, string authenticationScheme = DeviceTokenDefaults.AuthenticationScheme)
            where TBuilder : IEndpointConventionBuilder
        {
            ArgumentException.ThrowIfNullOrEmpty(scope);
            return builder.RequireOwnServices().RequireAuthorization(new RequireScopeAttribute(scope) { AuthenticationSchemes = authenticationScheme });
        }

        /// <summary>
        /// Requires a paired device, with any scopes: 401 without a valid token. A token without a device, such as one that a person made by hand for a
        /// script, gets 403 <c>insufficient_scope</c> (RFC 6750 §3.1: the request needs more than the token gives). A plain <see cref="PairedDevice"/>
        /// parameter of a handler requires the same.
        /// </summary>
        public static TBuilder RequirePairedDevice<TBuilder>(this TBuilder builder)
            where TBuilder : IEndpointConventionBuilder => builder.RequireOwnServices().RequireAuthorization(new RequirePairedDeviceAttribute());

        /// <summary>
        /// Lets a device call the endpoint only about itself: the device that the parameter <c>{device_id}</c> of the route names. 404 for another one, also
        /// for another device of the same owner. 401 without a valid token or session. In MVC: <see cref="RequireOwnDeviceAttribute"/>.
        /// </summary>
        /// <remarks>
        /// Requires no scope: call <see cref="RequireScope"/> too. It refuses first, and so does a non-nullable <see cref="PairedDevice"/> parameter: a
        /// session then gets 401.
        /// </remarks>
        /// <param name="allowOwner">
        /// Whether the device's owner passes, too: with a session, or with a token that is bound to no device. By default they get 403, as for RomM's
        /// <c>installs/claim</c>.
        /// </param>
        public static TBuilder RequireOwnDevice<TBuilder>(this TBuilder builder, bool allowOwner = false)
            where TBuilder : IEndpointConventionBuilder
        {
            builder.RequireOwnServices().Add(endpoint =>
            {
                endpoint.Metadata.Add(new GuardsOwnDevice(IsInPlace: endpoint.RequestDelegate is not null));
                endpoint.Metadata.Add(new ReadsPairedDevice());
                if (endpoint.RequestDelegate is not { } handle)
                {
                    return; // MVC's entry for a look-up, which no request reaches. MappingCheck finds endpoints that get their handler later
                }

                endpoint.RequestDelegate = async context => // not an endpoint filter, which runs after the body is read
                {
                    if (await OwnDevice.RefuseAsync(context, allowOwner) is { } refusal)
                    {
                        await refusal.ExecuteAsync(context);
                        return;
                    }

                    await handle(context);
                };
            });
            return builder;
        }

        private static TBuilder RequireOwnServices<TBuilder>(this TBuilder builder)
            where TBuilder : IEndpointConventionBuilder
        {
            builder.Add(OwnServices.Require);
            return builder;
        }
    }
}

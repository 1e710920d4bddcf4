using DeviceAuthorization.Authentication;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Hosting;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Devices;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Http.Metadata;
using DeviceAuthorization.Http.Tokens;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Pages;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Storage;
using DeviceAuthorization;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Adds device pairing to a host.</summary>
    public static class DeviceAuthorizationServiceCollectionExtensions
    {
        /// <summary>
        /// Adds the flow with in-memory stores. Settings come from the configuration section
        /// <see cref="DeviceAuthorizationOptions.SectionName"/>, then from <paramref name="configure"/>. What the host registered before,
        /// or registers later, of <see cref="IPairingStore"/>, <see cref="IDeviceRepository"/>, <see cref="IAttemptLimiter"/>,
        /// <see cref="IPairingPolicy"/> and <see cref="TimeProvider"/> is used instead of the defaults.
        /// </summary>
        /// <param name="services">The host's services.</param>
        /// <param name="configure">Changes the settings.</param>
        /// <returns>For store packages to build on.</returns>
        public static DeviceAuthorizationBuilder AddDeviceAuthorization(
            this IServiceCollection services, Action<DeviceAuthorizationOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddOptions<DeviceAuthorizationOptions>()
                .BindConfiguration(DeviceAuthorizationOptions.SectionName)
                .Configure(options => configure?.Invoke(options))
                .ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DeviceAuthorizationOptions>, DeviceAuthorizationOptionsValidator>());
            services.AddAuthorization(options => options.AddPolicy(PairedDeviceRequirement.PolicyName, PairedDeviceRequirement.Policy));
            services.AddAntiforgery();
            services.AddDataProtection();
            services.TryAddSingleton(TimeProvider.System);
            services.TryAddSingleton<IPairingStore, InMemoryPairingStore>();
            services.TryAddSingleton<IDeviceRepository, InMemoryDeviceRepository>();
            services.TryAddSingleton<IPairingPolicy, OpenPolicy>();
            services.TryAddSingleton<IAttemptLimiter, InMemoryAttemptLimiter>();
            services.AddRoutingCore();
            services.TryAddSingleton<MappedEndpoints>();
            services.TryAddSingleton<PublicAddress>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IHttpLoggingInterceptor, OwnEndpointLogging>());
            services.AddCors();
            AddOwnEndpointCors(services);
            services.TryAddEnumerable(ServiceDescriptor.Transient<IApiDescriptionProvider, DescribedEndpoints>());
            services.TryAddSingleton<ClientCredentials>();
            services.TryAddSingleton<ApproverSession>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<CookieAuthenticationOptions>, SignInStamp>());
            services.TryAddSingleton<ClientNetwork>();
            services.TryAddSingleton<RequestLimiter>();
            services.AddFlow();
            services.AddHostedService<StartUpNotes>();
            services.AddHostedService<MappingCheck>();
            services.TryAddScoped<LastUse>();
            services.TryAddSingleton<IDeviceEvents, NoDeviceEvents>();
            services.TryAddTransient<AccessTokens>();
            services.TryAddScoped<ApiCallers>();
            services.TryAddSingleton<EndpointGuard>();
            services.TryAddSingleton<Dialects>();
            services.TryAddSingleton<FormDialect>();
            services.TryAddSingleton<JsonDialect>();
            services.TryAddSingleton<CodeEntry>();
            services.TryAddSingleton<ApproverJson>();
            services.TryAddSingleton<DeviceBodies>();
            services.TryAddSingleton<PageFrame>();
            services.TryAddSingleton<PageGuard>();
            services.TryAddSingleton<PairingTickets>();
            services.TryAddScoped<PageSession>();
            services.TryAddScoped<SignInAgain>();
            services.TryAddScoped<DevicePairingPage>();
            services.TryAddScoped<DevicesPage>();
            return new DeviceAuthorizationBuilder(services);
        }

        /// <summary>Wraps the registered service. The host may call AddCors() before or after: it adds only what is missing.</summary>
        private static void AddOwnEndpointCors(IServiceCollection services)
        {
            if (services.Any(service => service.ServiceType == typeof(OwnEndpointCors)))
            {
                return;
            }

            var inner = services.Last(service => service.ServiceType == typeof(ICorsService) && !service.IsKeyedService);
            services.AddTransient(provider => new OwnEndpointCors(
                (ICorsService)(inner.ImplementationInstance ?? inner.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, inner.ImplementationType!)),
                provider.GetRequiredService<MappedEndpoints>()));
            services.AddTransient<ICorsService>(provider => provider.GetRequiredService<OwnEndpointCors>());
        }
    }
}

namespace Microsoft.AspNetCore.Builder
{
    /// <summary>Maps device pairing into a host.</summary>
    public static class DeviceAuthorizationEndpointRouteBuilderExtensions
    {
        /// <summary>
        /// Maps the endpoints of the flow: <c>init</c>, <c>pending/{code}</c>, <c>approve</c>, <c>deny</c>, <c>token</c> and <c>revoke</c>. They are open to
        /// anonymous callers and authenticate approvers for themselves, whatever the host's fallback policy; no CORS policy applies. The host
        /// does not start if RequireAuthorization() was called on them or on a group around them: devices have no sign-in.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <param name="prefix">Their path; RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it cannot be told which scheme people sign in with.
        /// </exception>
        public static IEndpointConventionBuilder MapDeviceAuthorization(this IEndpointRouteBuilder endpoints, string prefix = "/api/auth/device")
        {
            Check(endpoints);
            return FlowEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the metadata of RFC 8414 at <c>/.well-known/oauth-authorization-server</c> and <see cref="DeviceAuthorizationOptions.PathBase"/>:
        /// what a client needs to know that is told the issuer only, which is <see cref="DeviceAuthorizationOptions.PublicOrigin"/> and the path
        /// base. It names the endpoints where the host mapped them. Open to anybody; the host's CORS policies apply, so that a client in a
        /// browser can be let in.
        /// </summary>
        /// <param name="endpoints">The host's endpoints themselves, not a group of them.</param>
        /// <exception cref="InvalidOperationException">
        /// <paramref name="endpoints"/> is a group, or the issuer would be <c>http:</c> elsewhere than on loopback and in Development. Without
        /// <see cref="MapDeviceAuthorization"/> the host does not start.
        /// </exception>
        public static IEndpointConventionBuilder MapDeviceAuthorizationMetadata(this IEndpointRouteBuilder endpoints)
        {
            Check(endpoints);
            if (endpoints is RouteGroupBuilder)
            {
                throw new InvalidOperationException(
                    "Call MapDeviceAuthorizationMetadata() on the app, not on a group: clients look at one address only. A path base goes into DeviceAuthorization:PathBase.");
            }

            var options = endpoints.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
            if (options.PublicOrigin is { IsLoopback: false } origin
                && origin.Scheme == Uri.UriSchemeHttp
                && !endpoints.ServiceProvider.GetRequiredService<IHostEnvironment>().IsDevelopment())
            {
                throw new InvalidOperationException($"PublicOrigin is '{origin}'; an issuer must be https (RFC 8414 section 2). Use https, or leave MapDeviceAuthorizationMetadata() out.");
            }

            return ServerMetadataEndpoint.Map(endpoints, options.PathBase);
        }

        /// <summary>
        /// Maps the endpoint where an API that runs elsewhere asks what a token is (RFC 7662). Nobody may but clients with
        /// <see cref="DeviceClient.MayIntrospect"/>, by their secret.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <param name="prefix">Its path.</param>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapTokenIntrospection(this IEndpointRouteBuilder endpoints, string prefix = "/api/auth/device/introspect")
        {
            Check(endpoints);
            return IntrospectionEndpoint.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the registry of devices: register, list, get, change, delete. For people with a session and for tokens, each call behind a
        /// scope of <see cref="DeviceAuthorizationOptions.ManagementScopes"/>.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <param name="prefix">Their path; RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapDevices(this IEndpointRouteBuilder endpoints, string prefix = "/api/devices")
        {
            Check(endpoints);
            return DeviceEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the tokens of a user: make, list, change, renew, revoke. Behind scopes as <see cref="MapDevices"/>; making, changing and
        /// renewing is for people with a session only.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <param name="prefix">Their path; RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapClientTokens(this IEndpointRouteBuilder endpoints, string prefix = "/api/client-tokens")
        {
            Check(endpoints);
            return ClientTokenEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the page where people enter the code and decide, at <see cref="DeviceAuthorizationOptions.PagePath"/>. Whoever is not
        /// signed in is sent to the host's sign-in first.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it cannot be told which scheme people sign in with.
        /// </exception>
        public static IEndpointConventionBuilder MapDevicePairingPage(this IEndpointRouteBuilder endpoints)
        {
            CheckPages(endpoints);
            var options = endpoints.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
            return DevicePairingPage.Map(endpoints, options.PagePath);
        }

        /// <summary>
        /// Maps the page where people see their devices and tokens, rename them, and take access away, at
        /// <see cref="DeviceAuthorizationOptions.DevicesPagePath"/>; the other pages link to it. For people with a session; making a token
        /// needs <see cref="ManagementScopes.WriteTokens"/>, as in the API.
        /// </summary>
        /// <param name="endpoints">The host's endpoints.</param>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it cannot be told which scheme people sign in with.
        /// </exception>
        public static IEndpointConventionBuilder MapDevicesPage(this IEndpointRouteBuilder endpoints)
        {
            CheckPages(endpoints);
            var options = endpoints.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
            return DevicesPage.Map(endpoints, options.DevicesPagePath);
        }

        private static void Check(IEndpointRouteBuilder endpoints)
        {
            ArgumentNullException.ThrowIfNull(endpoints);
            if (endpoints.ServiceProvider.GetService<IAttemptLimiter>() is null)
            {
                throw new InvalidOperationException("Call services.AddDeviceAuthorization() first.");
            }

            if (endpoints.ServiceProvider.GetService<IAuthenticationSchemeProvider>() is null)
            {
                throw new InvalidOperationException("Call services.AddAuthentication() with the scheme people sign in with, such as AddCookie(), first.");
            }

            // Fails at start rather than at the first approval; the scheme provider answers at once.
            endpoints.ServiceProvider.GetRequiredService<ApproverSession>()
                .CheckAsync(endpoints.ServiceProvider.GetRequiredService<IOptionsMonitor<CookieAuthenticationOptions>>()).GetAwaiter().GetResult();
        }

        private static void CheckPages(IEndpointRouteBuilder endpoints)
        {
            Check(endpoints);
            endpoints.ServiceProvider.GetRequiredService<ApproverSession>().CheckPagesAsync().GetAwaiter().GetResult();
        }
    }
}

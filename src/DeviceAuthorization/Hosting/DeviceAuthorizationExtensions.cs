using DeviceAuthorization;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
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
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Json;
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
        /// <see cref="DeviceAuthorizationOptions.SectionName"/>, then from <paramref name="configure"/>. A registration of the host, made before or
        /// after this call, replaces the default for <see cref="IPairingStore"/>, <see cref="IDeviceRepository"/>, <see cref="IAttemptLimiter"/>,
        /// <see cref="IPairingPolicy"/> and <see cref="TimeProvider"/>.
        /// </summary>
        /// <returns>The builder that store packages extend.</returns>
        public static DeviceAuthorizationBuilder AddDeviceAuthorization(
            this IServiceCollection services, Action<DeviceAuthorizationOptions>? configure = null)
        {
            ArgumentNullException.ThrowIfNull(services);
            services.AddOptions<DeviceAuthorizationOptions>()
                .BindConfiguration(DeviceAuthorizationOptions.SectionName)
                .Configure(options => configure?.Invoke(options))
                .ValidateOnStart();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<DeviceAuthorizationOptions>, DeviceAuthorizationOptionsValidator>());
            services.AddAuthenticationCore(); // else the container's own check at build hides what Check() says about a host without AddAuthentication()
            services.AddAuthorization(options =>
            {
                options.AddPolicy(PairedDeviceRequirement.PolicyName, PairedDeviceRequirement.Policy);
                options.AddPolicy(RequireScopeAttribute.PolicyName, RequireScopeAttribute.CheckedPolicy);
            });
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

            // Without reflection (Native AOT), OpenAPI finds the described types here only. They are last: the host's own come first.
            services.PostConfigure<JsonOptions>(json =>
            {
                json.SerializerOptions.TypeInfoResolverChain.Add(OAuthJson.Default);
                json.SerializerOptions.TypeInfoResolverChain.Add(RomMJson.Default);
                json.SerializerOptions.TypeInfoResolverChain.Add(DescribedJson.Default);
            });
            services.TryAddSingleton<ClientCredentials>();
            services.TryAddSingleton<ApproverSession>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<CookieAuthenticationOptions>, SignInStamp>());
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<BearerTokenOptions>, BearerSignInStamp>());
            services.TryAddSingleton<ClientNetwork>();
            services.TryAddSingleton<RequestLimiter>();
            services.AddFlow();
            services.AddHostedService<StartUpWarnings>();
            services.AddHostedService<MappingCheck>();
            services.TryAddSingleton<IDeviceEvents, NoDeviceEvents>();
            services.TryAddTransient<AccessTokens>();
            services.TryAddScoped<ApiCallers>();
            services.TryAddSingleton<EndpointGuard>();
            services.TryAddEnumerable(ServiceDescriptor.Singleton<IExceptionHandler, FailureHandler>());
            services.TryAddSingleton(new HostServices(
                typeof(IPairingPolicy), typeof(IEnumerable<IPairingEvents>), typeof(IDeviceEvents), typeof(IDevicePresence), typeof(ICodeEntryChallenge), typeof(IPageLayout), typeof(IPageTexts)));
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

        /// <summary>Wraps the registered service. The host may call AddCors() before or after, because it adds only what is missing.</summary>
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
        /// Maps the endpoints of the flow: <c>init</c>, <c>pending/{code}</c>, <c>approve</c>, <c>deny</c>, <c>token</c> and <c>revoke</c>. They allow
        /// anonymous callers and authenticate approvers themselves, under any fallback policy of the host. No CORS policy applies. The host does not
        /// start if RequireAuthorization() was called on them or on a group around them, because devices cannot sign in.
        /// </summary>
        /// <param name="prefix">Their path. RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it is unclear which scheme people sign in with.
        /// </exception>
        public static IEndpointConventionBuilder MapDeviceAuthorization(this IEndpointRouteBuilder endpoints, string prefix = "/api/auth/device")
        {
            Check(endpoints);
            return FlowEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the metadata of RFC 8414 at <c>/.well-known/oauth-authorization-server</c> and <see cref="DeviceAuthorizationOptions.PathBase"/>, for
        /// clients that know only the issuer: <see cref="DeviceAuthorizationOptions.PublicOrigin"/> and the path base. The metadata names the endpoints
        /// that the host mapped. Anybody may read it. The host's CORS policies apply, so the host can let in a client in a browser.
        /// </summary>
        /// <param name="endpoints">The host's endpoints themselves, not a group of them.</param>
        /// <exception cref="InvalidOperationException">
        /// <paramref name="endpoints"/> is a group, or the issuer would be <c>http:</c> other than on loopback or in Development. Without
        /// <see cref="MapDeviceAuthorization"/> the host does not start.
        /// </exception>
        public static IEndpointConventionBuilder MapDeviceAuthorizationMetadata(this IEndpointRouteBuilder endpoints)
        {
            Check(endpoints);
            if (endpoints is RouteGroupBuilder)
            {
                throw new InvalidOperationException(
                    "Call MapDeviceAuthorizationMetadata() on the app, not on a group: clients look at one address only. Set a path base in DeviceAuthorization:PathBase.");
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
        /// Maps the endpoint where an API that runs elsewhere asks what a token is (RFC 7662). Only clients with
        /// <see cref="DeviceClient.MayIntrospect"/> may ask, with their secret.
        /// </summary>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapTokenIntrospection(this IEndpointRouteBuilder endpoints, string prefix = "/api/auth/device/introspect")
        {
            Check(endpoints);
            return IntrospectionEndpoint.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the registry of devices: register, list, get, change, delete. It serves people with a session and callers with an access token. Each
        /// call requires a scope of <see cref="DeviceAuthorizationOptions.ManagementScopes"/>.
        /// </summary>
        /// <param name="prefix">Their path. RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapDevices(this IEndpointRouteBuilder endpoints, string prefix = "/api/devices")
        {
            Check(endpoints);
            return DeviceEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the access tokens of a user: make, list, change, renew, revoke one or all. Requires scopes as <see cref="MapDevices"/> does. Only people with a
        /// session can make, change and renew tokens.
        /// </summary>
        /// <param name="prefix">Their path. RomM's clients know only the default.</param>
        /// <exception cref="InvalidOperationException"><c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called.</exception>
        public static IEndpointConventionBuilder MapClientTokens(this IEndpointRouteBuilder endpoints, string prefix = "/api/client-tokens")
        {
            Check(endpoints);
            return ClientTokenEndpoints.Map(endpoints, prefix);
        }

        /// <summary>
        /// Maps the page where people enter the code and decide, at <see cref="DeviceAuthorizationOptions.PagePath"/>. The page sends people who are
        /// not signed in to the host's sign-in first.
        /// </summary>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it is unclear which scheme people sign in with.
        /// </exception>
        public static IEndpointConventionBuilder MapDevicePairingPage(this IEndpointRouteBuilder endpoints)
        {
            CheckPages(endpoints);
            var options = endpoints.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
            return DevicePairingPage.Map(endpoints, options.PagePath);
        }

        /// <summary>
        /// Maps the page where people see their devices and tokens, rename them, and revoke access, at
        /// <see cref="DeviceAuthorizationOptions.DevicesPagePath"/>. The other pages link to it. It requires a session; making a token also requires
        /// <see cref="ManagementScopes.WriteTokens"/>, as in the API.
        /// </summary>
        /// <exception cref="InvalidOperationException">
        /// <c>AddDeviceAuthorization()</c> or <c>AddAuthentication()</c> was not called, or it is unclear which scheme people sign in with.
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
            OwnServices.Require(endpoints.ServiceProvider);

            // Fail at start, not at the first approval. This does not block: the scheme provider answers at once.
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

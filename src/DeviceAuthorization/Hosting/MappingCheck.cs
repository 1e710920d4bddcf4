using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Flow;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>
/// Checks how the host mapped the endpoints, and what its own endpoints require. Runs after the start, because a host with a Startup class maps them while the server starts.
/// </summary>
internal sealed class MappingCheck(
    MappedEndpoints mapped,
    EndpointDataSource endpoints,
    IAuthenticationSchemeProvider schemes,
    ICorsService cors,
    IOptions<DeviceAuthorizationOptions> options,
    ILogger<MappingCheck> logger) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var endpoint in mapped.Own)
        {
            Check(endpoint);
        }

        var isFlowMapped = mapped.Own.Any(endpoint => Description(endpoint) == FlowDescriptions.Start);
        if (mapped.HasMetadata && !isFlowMapped)
        {
            throw new InvalidOperationException("Call MapDeviceAuthorization(), too: MapDeviceAuthorizationMetadata() says where it is.");
        }

        if (cors is not OwnEndpointCors)
        {
            throw new InvalidOperationException(
                $"Register {cors.GetType()} as ICorsService before AddDeviceAuthorization(), which then keeps it from the endpoints of approvers.");
        }

        if (isFlowMapped && mapped.PairingPage is null && !mapped.IsServedByHost(options.Value.PagePath))
        {
            logger.LinksLeadNowhere(options.Value.PagePath);
        }

        foreach (var endpoint in endpoints.Endpoints)
        {
            await CheckSchemeAsync(endpoint);
            CheckOwnDevice(endpoint);
        }

        if (mapped.Own.Any(endpoint => endpoint.Metadata.GetRequiredMetadata<OwnEndpoint>().Role == EndpointRole.Management)
            && await schemes.GetSchemeAsync(DeviceTokenDefaults.AuthenticationScheme) is null)
        {
            logger.NoDeviceToken();
        }

        if (isFlowMapped) // else the tokens come from another host, which declares their scopes
        {
            WarnOfUndeclaredScopes();
        }
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Check(RouteEndpoint endpoint)
    {
        var (own, route) = (endpoint.Metadata.GetRequiredMetadata<OwnEndpoint>(), endpoint.RoutePattern.RawText!.TrimEnd('/'));
        if (own.IsAnonymous && endpoint.Metadata.GetMetadata<IAllowAnonymous>() is null)
        {
            throw new InvalidOperationException(
                $"'{route}' requires authorization: RequireAuthorization() was called on it or on a group around it. Devices call it without a sign-in, so none could pair. "
                + "Map it outside that group, or call AllowAnonymous() on what its Map method returns. Approvers must sign in either way.");
        }

        if (own.Page?.Contains('{', StringComparison.Ordinal) == true)
        {
            throw new InvalidOperationException($"The page '{own.Page}' has a parameter in its path, so no link can lead to it. Map it in a group without parameters.");
        }

        if (mapped.HasMetadata && Description(endpoint)?.MetadataMember is not null && endpoint.RoutePattern.Parameters.Count > 0)
        {
            throw new InvalidOperationException($"The metadata cannot name '{route}', which has a parameter in its path. Map it in a group without parameters.");
        }
    }

    /// <summary>Every call of such an endpoint would fail.</summary>
    private async Task CheckSchemeAsync(Endpoint endpoint)
    {
        var metadata = endpoint.Metadata;
        var isOfDevices = metadata.GetMetadata<ReadsPairedDevice>() is not null
            || metadata.GetMetadata<RequireOwnDeviceAttribute>() is not null
            || metadata.GetOrderedMetadata<IAuthorizeData>().Any(data => data.Policy == PairedDeviceRequirement.PolicyName);
        foreach (var scheme in metadata.GetOrderedMetadata<RequireScopeAttribute>().SelectMany(Schemes).Concat(isOfDevices ? [DeviceTokenDefaults.AuthenticationScheme] : []))
        {
            if (await schemes.GetSchemeAsync(scheme) is null)
            {
                throw new InvalidOperationException(scheme == DeviceTokenDefaults.AuthenticationScheme
                    ? $"'{endpoint.DisplayName}' is for paired devices: call services.AddAuthentication().AddDeviceToken(), which authenticates them."
                    : $"'{endpoint.DisplayName}' requires a scope from the authentication scheme '{scheme}', but the host has no scheme of that name.");
            }
        }
    }

    /// <summary>Such an endpoint would be open to everybody, or to nobody.</summary>
    private static void CheckOwnDevice(Endpoint endpoint)
    {
        if (endpoint is not RouteEndpoint route)
        {
            return; // MVC's entry for a look-up, which no request reaches
        }

        var (guard, hasAttribute) = (endpoint.Metadata.GetMetadata<GuardsOwnDevice>(), endpoint.Metadata.GetMetadata<RequireOwnDeviceAttribute>() is not null);
        if (hasAttribute && guard is null && endpoint.Metadata.GetMetadata<ActionDescriptor>() is null)
        {
            throw new InvalidOperationException($"'{endpoint.DisplayName}' has [RequireOwnDevice], which works in MVC only: call RequireOwnDevice() on what its Map method returns.");
        }

        if (guard is not null && (!guard.IsInPlace || endpoint.Metadata.GetMetadata<PageActionDescriptor>() is not null
            || endpoint.Metadata.GetOrderedMetadata<IDynamicEndpointMetadata>().Any(dynamic => dynamic.IsDynamic)))
        {
            throw new InvalidOperationException(
                $"'{endpoint.DisplayName}' cannot be guarded by RequireOwnDevice(): ASP.NET Core replaces it by another endpoint. Put [RequireOwnDevice] on the page model or the action.");
        }

        if ((guard is not null || hasAttribute) && route.RoutePattern.GetParameter(OwnDevice.RouteParameter) is null)
        {
            throw new InvalidOperationException($"'{endpoint.DisplayName}' requires its own device, but its route does not name one: it must have the parameter {{{OwnDevice.RouteParameter}}}.");
        }
    }

    /// <summary>Only a warning: tokens of earlier days may have a scope that is no longer declared.</summary>
    private void WarnOfUndeclaredScopes()
    {
        var required = endpoints.Endpoints.SelectMany(endpoint => endpoint.Metadata.GetOrderedMetadata<RequireScopeAttribute>(), (endpoint, scope) => (endpoint.DisplayName, Scope: scope))
            .Where(required => Schemes(required.Scope) is [DeviceTokenDefaults.AuthenticationScheme] && !options.Value.Scopes.ContainsKey(required.Scope.Scope))
            .DistinctBy(required => required.Scope.Scope, StringComparer.Ordinal);
        foreach (var (endpoint, scope) in required)
        {
            logger.ScopeUndeclared(endpoint, scope.Scope, string.Join("', '", options.Value.Scopes.Keys));
        }
    }

    private static string[] Schemes(RequireScopeAttribute required) =>
        required.AuthenticationSchemes?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    private static EndpointDescription? Description(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<EndpointDescription>();
}

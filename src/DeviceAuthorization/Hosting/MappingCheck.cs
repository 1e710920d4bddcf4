using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Flow;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>
/// Checks how the host mapped the endpoints. Runs after the start, because a host with a Startup class maps them while the server starts.
/// </summary>
internal sealed class MappingCheck(
    MappedEndpoints mapped, ICorsService cors, IOptions<DeviceAuthorizationOptions> options, ILogger<MappingCheck> logger) : IHostedLifecycleService
{
    public Task StartedAsync(CancellationToken cancellationToken)
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

        return Task.CompletedTask;
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

    private static EndpointDescription? Description(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<EndpointDescription>();
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Tests;

/// <summary>Everything that the library can map, found in the host's endpoints. Tests that use it cover a new endpoint automatically.</summary>
internal static class EveryEndpoint
{
    private static readonly string[] OfHost = ["/test/", "/api/library", "/api/admin"];

    /// <summary>What <see cref="TestHost"/> does not map.</summary>
    public static void Map(WebApplication app)
    {
        app.MapDeviceAuthorizationMetadata();
        app.MapTokenIntrospection();
        app.MapDevices();
        app.MapClientTokens();
        app.MapDevicesPage();
    }

    public static IEnumerable<RouteEndpoint> Of(TestHost host) => host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
        .Where(endpoint => !OfHost.Any(prefix => endpoint.RoutePattern.RawText!.StartsWith(prefix, StringComparison.Ordinal)));

    /// <summary>The address of each that answers GET.</summary>
    public static string[] Gets(TestHost host, string device, string userCode)
    {
        var addresses = Of(host).Where(endpoint => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods.Contains("GET", StringComparer.Ordinal) == true)
            .Select(endpoint => endpoint.RoutePattern.RawText!
                .Replace("{id}", device, StringComparison.Ordinal)
                .Replace("{code}", userCode, StringComparison.Ordinal)
                .Replace("{form}", "form", StringComparison.Ordinal))
            .ToArray();
        Assert.True(addresses.Length >= 11, string.Join('\n', addresses));
        Assert.DoesNotContain(addresses, address => address.Contains('{', StringComparison.Ordinal));
        return addresses;
    }
}

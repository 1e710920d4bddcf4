using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Http;

/// <summary>Says what to call, where a host uses this library without <c>AddDeviceAuthorization()</c>.</summary>
internal static class OwnServices
{
    public static void Require(IServiceProvider services)
    {
        if (services.GetService<IAttemptLimiter>() is null) // created here, so that it begins to count at the start
        {
            throw new InvalidOperationException("Call services.AddDeviceAuthorization() first.");
        }
    }

    /// <summary>For an endpoint that is being built.</summary>
    public static void Require(EndpointBuilder endpoint)
    {
        if (AreMissing(endpoint))
        {
            Require(endpoint.ApplicationServices);
        }
    }

    /// <summary>False if the endpoint is built without any services, as some builders do: then nothing can be said.</summary>
    public static bool AreMissing(EndpointBuilder endpoint) =>
        endpoint.ApplicationServices.GetService<MappedEndpoints>() is null && endpoint.ApplicationServices.GetService<ILoggerFactory>() is not null;
}

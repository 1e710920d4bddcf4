using DeviceAuthorization;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.AspNetCore.Http;

/// <summary>Finds the device of a request.</summary>
public static class PairedDeviceHttpContextExtensions
{
    /// <summary>The device that makes this request; <see langword="null"/> if none was authenticated.</summary>
    public static PairedDevice? GetPairedDevice(this HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Features.Get<PairedDevice>();
    }

    /// <summary>Finds the device that this request is about: the one that it names, or else the one that makes it.</summary>
    /// <param name="context">The request, which must be authenticated.</param>
    /// <param name="deviceId">The id that the request names; <see langword="null"/> or empty if it names none.</param>
    /// <exception cref="BadHttpRequestException">The store of devices fails. Servers answer 503; with <c>UseExceptionHandler</c>, <c>Retry-After</c> is included.</exception>
    public static ValueTask<RequestDevice> FindDeviceAsync(this HttpContext context, string? deviceId)
    {
        ArgumentNullException.ThrowIfNull(context);
        return RequestDevice.FindAsync(context, deviceId);
    }
}

using System.Reflection;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace DeviceAuthorization;

/// <summary>
/// The device that makes the current request. Declare it as a parameter of a minimal-API handler or of an MVC action, or read it with
/// <c>HttpContext.GetPairedDevice()</c>. A non-nullable parameter makes the endpoint require a paired device, as <c>RequirePairedDevice()</c> does. A
/// nullable one requires nothing; it is <see langword="null"/> if no device calls. A parameter without nullable annotations counts as nullable, as
/// everywhere in ASP.NET Core. If the endpoint allows anonymous callers, ASP.NET Core answers 400 when a non-nullable parameter gets no device.
/// A Razor page needs <see cref="RequirePairedDeviceAttribute"/>: there, a non-nullable parameter without a device is an error (500).
/// </summary>
[BoundToDevice]
public sealed class PairedDevice : IBindableFromHttpContext<PairedDevice>, IEndpointParameterMetadataProvider
{
    internal PairedDevice(Device device, Guid tokenId, IReadOnlyList<string> scopes) =>
        (Device, TokenId, Scopes) = (device, tokenId, scopes);

    /// <summary>The device as the registry holds it.</summary>
    public Device Device { get; }

    /// <summary>The device's id.</summary>
    public string Id => Device.Id;

    /// <summary>The user that the device acts for.</summary>
    public string UserId => Device.UserId;

    /// <summary>The name that people see; <see langword="null"/> if it has none.</summary>
    public string? Name => Device.Name;

    /// <summary>The id of the token that the device called with.</summary>
    public Guid TokenId { get; }

    /// <summary>The scopes of the token that its owner still has.</summary>
    public IReadOnlyList<string> Scopes { get; }

    internal static async ValueTask<PairedDevice?> FindAsync(HttpContext context)
    {
        if (context.GetPairedDevice() is not { } device)
        {
            OwnServices.Require(context.RequestServices);
            await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme);
            device = context.GetPairedDevice();
        }

        if (context.Features.Get<Failure>() is { } failed) // not "no device": the endpoint may do something else for those
        {
            throw new FailureException(failed, "The token of the device could not be checked.");
        }

        return device;
    }

    static ValueTask<PairedDevice?> IBindableFromHttpContext<PairedDevice>.BindAsync(HttpContext context, ParameterInfo parameter) => FindAsync(context);

    /// <summary>A non-nullable parameter needs a device, so the endpoint refuses other callers as RFC 6750 requires.</summary>
    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        builder.Metadata.Add(new ReadsPairedDevice());
        if (!IsNullable(parameter) && !OwnServices.AreMissing(builder)) // without them there is no such policy, and the binding says what to call
        {
            builder.Metadata.Add(new RequirePairedDeviceAttribute());
        }
    }

    /// <summary>Decides as minimal APIs do. In <c>[AsParameters]</c> the parameter is a property.</summary>
    private static bool IsNullable(ParameterInfo parameter)
    {
        if (AppContext.TryGetSwitch("System.Reflection.NullabilityInfoContext.IsSupported", out var isSupported) && !isSupported)
        {
            return true; // annotations were trimmed away: the binding itself still answers 400
        }

        var nullability = parameter.Member is PropertyInfo property ? new NullabilityInfoContext().Create(property) : new NullabilityInfoContext().Create(parameter);
        return nullability.ReadState != NullabilityState.NotNull;
    }
}

/// <summary>Metadata of an endpoint: its handler has a <see cref="PairedDevice"/> parameter.</summary>
internal sealed record ReadsPairedDevice;

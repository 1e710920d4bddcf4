using System.Reflection;
using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;

namespace DeviceAuthorization;

/// <summary>
/// The device that makes the current request. Take it as a parameter of a minimal-API handler, or read it with
/// <c>HttpContext.GetPairedDevice()</c>. A plain parameter makes its endpoint require a paired device, as <c>RequirePairedDevice()</c> does.
/// A nullable one requires nothing: it is <see langword="null"/> where no device calls. Code without nullable annotations counts as nullable,
/// as everywhere in minimal APIs. Where the endpoint also allows anonymous callers, nothing is required of them, and a plain parameter
/// makes ASP.NET Core answer 400.
/// </summary>
public sealed class PairedDevice : IBindableFromHttpContext<PairedDevice>, IEndpointParameterMetadataProvider
{
    internal PairedDevice(Device device, Guid tokenId, IReadOnlyList<string> scopes) =>
        (Device, TokenId, Scopes) = (device, tokenId, scopes);

    /// <summary>The registry's record.</summary>
    public Device Device { get; }

    /// <summary>The device's id.</summary>
    public string Id => Device.Id;

    /// <summary>The user it acts for.</summary>
    public string UserId => Device.UserId;

    /// <summary>The name its owner gave it.</summary>
    public string? Name => Device.Name;

    /// <summary>The token it called with.</summary>
    public Guid TokenId { get; }

    /// <summary>What it may do now: the token's scopes, as far as its owner still has them.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary>For minimal APIs.</summary>
    static async ValueTask<PairedDevice?> IBindableFromHttpContext<PairedDevice>.BindAsync(HttpContext context, ParameterInfo parameter)
    {
        if (context.GetPairedDevice() is not { } device)
        {
            await context.AuthenticateAsync(DeviceTokenDefaults.AuthenticationScheme);
            device = context.GetPairedDevice();
        }

        return device;
    }

    /// <summary>A plain parameter cannot be filled without a device, so the endpoint refuses those calls by RFC 6750.</summary>
    static void IEndpointParameterMetadataProvider.PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder)
    {
        if (!IsNullable(parameter))
        {
            builder.Metadata.Add(new AuthorizeAttribute(PairedDeviceRequirement.PolicyName));
        }
    }

    /// <summary>As minimal APIs read it; in <c>[AsParameters]</c> the parameter is a property.</summary>
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

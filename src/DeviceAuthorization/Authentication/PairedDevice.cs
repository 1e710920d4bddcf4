using System.Reflection;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization;

/// <summary>
/// The device that makes the current request. Take it as a parameter of a minimal-API handler, or read it with
/// <c>HttpContext.GetPairedDevice()</c>. Where no device calls, a nullable parameter is <see langword="null"/>, and a plain one makes
/// ASP.NET Core answer 400: let the endpoint <c>RequireScope</c> or <c>RequirePairedDevice</c>, and it is 401.
/// </summary>
public sealed class PairedDevice : IBindableFromHttpContext<PairedDevice>
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
}

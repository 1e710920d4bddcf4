using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>
/// Keeps the host's only other scheme as its default. ASP.NET Core uses a host's only scheme by default; adding ours would end that. Runs
/// after all schemes were added, so the order of the calls does not matter.
/// </summary>
internal sealed class OnlySchemeAsDefault : IPostConfigureOptions<AuthenticationOptions>
{
    public void PostConfigure(string? name, AuthenticationOptions options)
    {
        if (!(AppContext.TryGetSwitch("Microsoft.AspNetCore.Authentication.SuppressAutoDefaultScheme", out var isOff) && isOff)
            && options.Schemes.Where(scheme => scheme.HandlerType != typeof(DeviceTokenHandler)).ToArray() is [var only])
        {
            options.DefaultScheme ??= only.Name;
        }
    }
}

using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>
/// ASP.NET Core takes the only scheme of a host as its default. Adding our scheme would end that default. Runs after all schemes were
/// added, so the order of the calls makes no difference.
/// </summary>
internal sealed class HostsOnlyScheme : IPostConfigureOptions<AuthenticationOptions>
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

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>Middleware that runs before routing, as in hosts that call UseRouting() themselves.</summary>
internal sealed class BeforeRouting(Action<IApplicationBuilder> use) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        use(app);
        next(app);
    };
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Sets the address that a request comes from. If wanted, the host trusts the forwarded headers of the proxy 10.0.0.2, as
/// docs/operations.md says.
/// </summary>
internal sealed class Callers(ForwardedHeadersOptions? forwarded = null) : IStartupFilter
{
    private const string Header = "Test-Address";

    /// <summary>The same client, but from this address.</summary>
    public static HttpClient From(HttpClient client, string address, params (string Name, string Value)[] headers)
    {
        client.DefaultRequestHeaders.Remove(Header);
        client.DefaultRequestHeaders.Add(Header, address);
        foreach (var (name, value) in headers)
        {
            client.DefaultRequestHeaders.Add(name, value);
        }

        return client;
    }

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use((context, rest) =>
        {
            context.Connection.RemoteIpAddress = IPAddress.TryParse(context.Request.Headers[Header], out var address) ? address : null;
            return rest();
        });
        if (forwarded is not null)
        {
            forwarded.KnownProxies.Add(IPAddress.Parse("10.0.0.2"));
            app.UseForwardedHeaders(forwarded);
        }

        next(app);
    };
}

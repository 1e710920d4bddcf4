using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Benchmarks;

/// <summary>What runs in the process of a server.</summary>
internal static class Server
{
    public const string Command = "serve";
    public const string Call = "/call";

    private static readonly byte[] Constant = Encoding.ASCII.GetBytes(Expected.Constant);

    /// <param name="name">A target, or the floor of a store.</param>
    public static async Task RunAsync(string name, string connection, int pollingInterval)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Test" }); // others refuse the sign-in by a header
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Logging.ClearProviders().AddConsole().SetMinimumLevel(LogLevel.Warning);
        await using var app = Enum.TryParse<Store>(name, out var store) ? await Floors.BuildAsync(builder, store, connection)
            : name == Target.OpenIddict ? await Peer.BuildAsync(builder, connection)
            : await Hosts.BuildAsync(builder, name, connection, pollingInterval);
        await app.StartAsync();
        ServerProcess.Announce(new Uri(app.Urls.Single()).Port);
        await ((IHost)app).WaitForShutdownAsync();
    }

    public static Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = Constant.Length;
        return context.Response.Body.WriteAsync(Constant).AsTask();
    }
}

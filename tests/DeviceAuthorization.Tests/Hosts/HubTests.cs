using System.Net;
using System.Text;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.SignalR;

namespace DeviceAuthorization.Tests;

/// <summary>[RequireScope] on a SignalR hub and on its methods, and where ASP.NET Core does not read the requirements of attributes.</summary>
public sealed class HubTests
{
    [Theory]
    [InlineData("Read", "\"result\":\"alice\"")]
    [InlineData("Write", "\"error\":\"Failed to invoke 'Write' because user is unauthorized\"")]
    public async Task A_method_of_a_hub_is_for_devices_with_its_scope(string method, string answer)
    {
        await using var host = await StartAsync();
        Assert.Contains(answer, await InvokeAsync(host.WithToken(await host.PairAsync("alice")), method), StringComparison.Ordinal); // with library.read
    }

    [Theory]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    [InlineData("profile", HttpStatusCode.Forbidden)]
    [InlineData("library.read", HttpStatusCode.OK)]
    public async Task A_hub_is_for_devices_with_its_scope(string? scope, HttpStatusCode status)
    {
        await using var host = await StartAsync();
        using var answer = await (scope is null ? host.Device() : host.WithToken(await host.PairAsync("alice", scope))).PostAsync("/hub/negotiate?negotiateVersion=1", null);
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    public async Task Where_only_the_policy_of_the_attribute_counts_it_refuses_everybody()
    {
        await using var host = await StartAsync();
        var services = host.Services;
        var policy = await AuthorizationPolicy.CombineAsync(services.GetRequiredService<IAuthorizationPolicyProvider>(), [new RequireScopeAttribute("library.read")]);
        var everything = new System.Security.Claims.ClaimsPrincipal(new System.Security.Claims.ClaimsIdentity([new(DeviceTokenDefaults.ScopeClaim, "library.read")], "test"));
        var result = await services.GetRequiredService<IAuthorizationService>().AuthorizeAsync(everything, resource: null, policy!);
        Assert.False(result.Succeeded);
    }

    [Fact]
    public async Task A_connection_of_a_hub_ends_with_its_token()
    {
        var leaving = new Leaving();
        await using var host = await StartAsync(leaving);
        var device = host.WithToken(await host.PairAsync("alice"));
        using var negotiated = await device.PostAsync("/watched-hub/negotiate?negotiateVersion=1", null);
        var connection = $"/watched-hub?id={(await negotiated.JsonAsync()).String("connectionToken")}";
        await device.GetStringAsync(connection);
        using var sent = await device.PostAsync(connection, new StringContent($$"""{"protocol":"json","version":1}{{'\u001e'}}""", Encoding.UTF8));
        await leaving.Connected.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.False(leaving.Left.Task.IsCompleted);
        await using (var scope = host.Services.CreateAsyncScope())
        {
            await scope.ServiceProvider.GetRequiredService<DeviceAccess>().SignOutEverywhereAsync("alice");
        }

        await leaving.Left.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private static Task<TestHost> StartAsync(IHubFilter? filter = null) => TestHost.StartAsync(services: services => services.AddSignalR(options =>
    {
        if (filter is not null)
        {
            options.AddFilter(filter);
        }
    }), map: app =>
    {
        app.MapHub<DevicesHub>("/hub");
        app.MapHub<WatchedHub>("/watched-hub");
    });

    /// <summary>Calls the method by long polling, and returns the answers of the hub.</summary>
    private static async Task<string> InvokeAsync(HttpClient device, string method)
    {
        using var negotiated = await device.PostAsync("/hub/negotiate?negotiateVersion=1", null);
        var connection = $"/hub?id={(await negotiated.JsonAsync()).String("connectionToken")}";
        await device.GetStringAsync(connection); // the first poll opens the connection
        using var sent = await device.PostAsync(connection, new StringContent(
            $$"""{"protocol":"json","version":1}{{'\u001e'}}{"type":1,"invocationId":"1","target":"{{method}}","arguments":[]}{{'\u001e'}}""", Encoding.UTF8));
        sent.EnsureSuccessStatusCode();
        var answers = "";
        while (!answers.Contains("\"invocationId\":\"1\"", StringComparison.Ordinal))
        {
            answers += await device.GetStringAsync(connection);
        }

        return answers;
    }
}

/// <summary>Tells when a connection was accepted, and when it was left.</summary>
internal sealed class Leaving : IHubFilter
{
    public TaskCompletionSource Connected { get; } = new();

    public TaskCompletionSource Left { get; } = new();

    public async Task OnConnectedAsync(HubLifetimeContext context, Func<HubLifetimeContext, Task> next)
    {
        await next(context);
        Assert.NotNull(context.Context.Items["connection"]);
        Connected.SetResult();
    }

    public async Task OnDisconnectedAsync(HubLifetimeContext context, Exception? exception, Func<HubLifetimeContext, Exception?, Task> next)
    {
        await next(context, exception);
        Left.SetResult();
    }
}

/// <summary>A hub that devices call.</summary>
[RequireScope("library.read")]
public sealed class DevicesHub : Hub
{
    [RequireScope("library.read")]
    public string? Read() => Context.UserIdentifier;

    [RequireScope("library.write")]
    public string Write() => $"written by {Context.UserIdentifier}";
}

/// <summary>A hub whose connections end with their token, as docs/hosts.md shows it.</summary>
[RequireScope("library.read")]
public sealed class WatchedHub(DeviceAccess access) : Hub
{
    public override async Task OnConnectedAsync()
    {
        var connection = await access.ConnectAsync(Context.GetHttpContext()!.Request.Headers.Authorization.ToString().Split(' ')[^1]);
        Context.Items["connection"] = connection;
        if (connection is null)
        {
            Context.Abort();
        }
        else
        {
            connection.Ended.Register(Context.Abort);
        }
    }

    public override Task OnDisconnectedAsync(Exception? exception)
    {
        (Context.Items["connection"] as DeviceConnection)?.Dispose();
        return base.OnDisconnectedAsync(exception);
    }
}

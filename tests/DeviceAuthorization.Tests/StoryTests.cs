using System.Net;

namespace DeviceAuthorization.Tests;

/// <summary>The whole story in one test: start here.</summary>
public sealed class StoryTests
{
    [Fact]
    public async Task A_plain_RFC_8628_client_pairs_and_calls_the_API()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());

        var alice = await host.SignInAsync("alice");
        Assert.Equal(HttpStatusCode.OK, (await alice.ApproveAsync(codes.UserCode)).StatusCode);

        using var answer = await device.PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var token = (await answer.JsonAsync()).GetProperty("access_token").GetString()!;
        using var library = await host.WithToken(token).GetAsync("/api/library");
        Assert.Equal("alice", (await library.JsonAsync()).GetProperty("user").GetString());
    }
}

using System.Net;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>The examples of docs/testing.md, against the sample QuickStart.</summary>
public sealed class TestingDocumentTests
{
    public sealed class LibraryHost : WebApplicationFactory<Program>
    {
        public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("DeviceAuthorization:ApproverScheme", FakeApproverDefaults.AuthenticationScheme);
            builder.ConfigureTestServices(services =>
            {
                services.AddSingleton<TimeProvider>(Clock);
                services.AddAuthentication().AddFakeApprover();
            });
        }
    }

    [Fact]
    public async Task A_device_that_alice_approves_reads_the_library()
    {
        await using var host = new LibraryHost();
        using var http = host.CreateClient();
        var device = new DeviceSimulator(http, host.Clock) { Name = "Test TV", Scopes = ["library.read"] };
        var alice = new ApproverSimulator(http, "alice");

        var codes = await device.StartAsync();
        Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
        Assert.IsType<ApproverAnswer.Approved>(await alice.ApproveAsync(codes.UserCode, ["library.read"]));
        host.Clock.Advance(TimeSpan.FromSeconds(codes.Interval));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(codes));

        using var call = new HttpRequestMessage(HttpMethod.Get, "/api/library") { Headers = { Authorization = new("Bearer", paired.AccessToken) } };
        using var answer = await http.SendAsync(call);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task A_code_expires_and_a_token_too()
    {
        await using var host = new LibraryHost();
        using var http = host.CreateClient();
        var device = new DeviceSimulator(http, host.Clock) { Scopes = ["library.read"] };
        var late = await device.StartAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(late.ExpiresIn));
        Assert.IsType<DeviceAnswer.Expired>(await device.PollAsync(late));

        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PairAsync(codes => new ApproverSimulator(http, "alice").ApproveAsync(codes.UserCode, ["library.read"])));
        host.Clock.Advance(TimeSpan.FromDays(91));
        using var call = new HttpRequestMessage(HttpMethod.Get, "/api/library") { Headers = { Authorization = new("Bearer", paired.AccessToken) } };
        using var answer = await http.SendAsync(call);
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_lost_token_is_fetched_again()
    {
        await using var host = new LibraryHost();
        var lose = false;
        using var losing = new AnswerDroppingHandler(_ => lose);
        using var http = host.CreateDefaultClient(losing);
        var device = new DeviceSimulator(http, host.Clock) { IdempotencyKey = "one key for one pairing" };
        var codes = await device.StartAsync();
        await new ApproverSimulator(http, "alice").ApproveAsync(codes.UserCode, ["library.read"]);

        lose = true;
        Assert.IsType<DeviceAnswer.Unavailable>(await device.PollAsync(codes));
        lose = false;
        Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(codes));
    }

    /// <summary>For a test with many pairings.</summary>
    public sealed class BusyHost : WebApplicationFactory<Program>
    {
        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseSetting("DeviceAuthorization:RateLimits:Enabled", "false");
        }
    }

    [Fact]
    public async Task Without_limits_a_device_starts_as_often_as_it_wants()
    {
        await using var host = new BusyHost();
        using var http = host.CreateClient();
        for (var start = 0; start < 12; start++)
        {
            await new DeviceSimulator(http, TimeProvider.System).StartAsync();
        }
    }

    [Fact]
    public async Task Bob_cannot_decide_what_alice_decided()
    {
        await using var host = new LibraryHost();
        using var http = host.CreateClient();
        var (alice, bob) = (new ApproverSimulator(http, "alice"), new ApproverSimulator(http, "bob", scopes: ["library.read"]));
        var codes = await new DeviceSimulator(http, host.Clock).StartAsync();

        var found = Assert.IsType<ApproverAnswer.Found>(await bob.LookUpAsync(codes.UserCode));
        Assert.Equal(["library.read"], found.GrantableScopes); // his sign-in is limited to this scope
        Assert.IsType<ApproverAnswer.Denied>(await alice.DenyAsync(codes.UserCode));
        Assert.IsType<ApproverAnswer.Unknown>(await bob.ApproveAsync(codes.UserCode, ["library.read"]));
    }
}

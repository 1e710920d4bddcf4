using System.Net;
using DeviceAuthorization.Testing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

public sealed class FakeApproverTests
{
    [Fact]
    public async Task The_fake_sign_in_believes_who_one_says_one_is()
    {
        await using var host = await StartAsync("Test");
        var device = new DeviceSimulator(host.Device(), TimeProvider.System);
        var codes = await device.StartAsync();
        Assert.Equal(new ApproverAnswer.Refused((int)HttpStatusCode.Unauthorized), await new ApproverSimulator(host.Device()).LookUpAsync(codes.UserCode));
        var limited = Assert.IsType<ApproverAnswer.Found>(await new ApproverSimulator(host.Device(), "alice", ["profile"]).LookUpAsync(codes.UserCode));
        Assert.Equal(["profile"], limited.GrantableScopes);
        var (alice, bob) = (new ApproverSimulator(host.Device(), "alice"), new ApproverSimulator(host.Device(), "bob"));
        Assert.IsType<ApproverAnswer.Approved>(await alice.ApproveAsync(codes.UserCode, ["library.read"]));
        Assert.IsType<ApproverAnswer.Unknown>(await bob.DenyAsync(codes.UserCode));
        Assert.IsType<ApproverAnswer.AlreadyDecided>(await alice.DenyAsync(codes.UserCode));
    }

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public async Task A_host_with_the_fake_sign_in_starts_in_no_environment_where_it_would_do_harm(string environment)
    {
        var refused = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(environment));
        Assert.Contains("remove it from this host", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("testing")]
    public async Task It_starts_where_tests_run(string environment) => await (await StartAsync(environment)).DisposeAsync();

    private static Task<TestHost> StartAsync(string environment) => TestHost.StartAsync(
        options => options.ApproverScheme = FakeApproverDefaults.AuthenticationScheme,
        services => services.AddAuthentication().AddFakeApprover(),
        environment: environment);
}

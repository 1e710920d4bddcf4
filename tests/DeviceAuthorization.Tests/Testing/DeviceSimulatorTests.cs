using System.Net;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.Tests;

public sealed class DeviceSimulatorTests
{
    private readonly ProbingPairingStore _store = new();
    private TestHost _host = null!;
    private JumpingClock _clock = null!;

    [Theory]
    [InlineData(DeviceDialect.Form)]
    [InlineData(DeviceDialect.Json)]
    public async Task It_pairs_in_either_dialect(DeviceDialect dialect)
    {
        await using var host = await StartAsync();
        var device = Device(host, dialect);
        var alice = new ApproverSimulator(await host.SignInAsync("alice"));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PairAsync(async codes =>
        {
            Assert.IsType<DeviceAnswer.Pending>(await device.PollAsync(codes));
            var found = Assert.IsType<ApproverAnswer.Found>(await alice.LookUpAsync(codes.UserCode));
            Assert.Equal(("TV of the test", "tv-app"), (found.DeviceName, found.ClientId));
            Assert.IsType<ApproverAnswer.Approved>(await alice.ApproveAsync(codes.UserCode, ["library.read"]));
        }));
        Assert.Equal(["library.read"], paired.Scopes);
        using var library = await host.WithToken(paired.AccessToken).GetAsync("/api/library");
        Assert.Equal(paired.DeviceId, (await library.JsonAsync()).String("device"));
        Assert.DoesNotContain(paired.AccessToken, $"{paired}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DeviceDialect.Form)]
    [InlineData(DeviceDialect.Json)]
    public async Task It_hears_that_it_was_denied_or_was_too_late(DeviceDialect dialect)
    {
        await using var host = await StartAsync();
        var device = Device(host, dialect);
        var alice = new ApproverSimulator(await host.SignInAsync("alice"));
        var (denied, late) = (await device.StartAsync(), await device.StartAsync());
        Assert.IsType<ApproverAnswer.Denied>(await alice.DenyAsync(denied.UserCode));
        Assert.IsType<DeviceAnswer.Denied>(await device.PollUntilFinalAsync(denied));
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.IsType<DeviceAnswer.Expired>(await device.PollUntilFinalAsync(late));
    }

    [Theory]
    [InlineData(DeviceDialect.Form)]
    [InlineData(DeviceDialect.Json)]
    public async Task It_shows_the_number_that_its_owner_compares(DeviceDialect dialect)
    {
        await using var host = await StartAsync(options => options.NumberMatching = NumberMatching.Always);
        using var scope = host.Services.CreateScope();
        var (pairings, alice) = (scope.ServiceProvider.GetRequiredService<ApproverFlow>(), new Approver("alice"));
        await Assert.ThrowsAsync<HttpRequestException>(() => Device(host, dialect).StartAsync()); // it cannot show one

        var (code, shown) = ("", new List<int>());
        var device = Device(host, dialect, showNumber: number =>
        {
            shown.Add(number);
            Assert.True(pairings.ChooseNumberAsync(TestData.Code(code), alice, number).IsCompletedSuccessfully); // the stores are in memory
        });
        Assert.IsType<DeviceAnswer.Paired>(await device.PairAsync(async codes =>
        {
            code = codes.UserCode;
            Assert.Equal(new DeviceAnswer.Pending(), await device.PollAsync(codes)); // no number yet
            Assert.IsType<ApproverResult.ChooseNumber>(
                await pairings.ApproveAsync(TestData.Code(code), alice, new Approval { Scopes = ["library.read"], SupportsNumberMatching = true }));
        }));
        Assert.Single(shown);
    }

    [Fact]
    public async Task It_is_refused_with_the_error_of_the_answer()
    {
        await using var host = await StartAsync();
        var codes = await Device(host).StartAsync();
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await Device(host).PollUntilFinalAsync(codes with { DeviceCode = new string('x', 43) }));
        var notThere = new DeviceSimulator(host.Device(), _clock) { Prefix = "/nowhere" };
        Assert.Equal(new DeviceAnswer.Refused("HTTP 404"), await notThere.PollAsync(codes));
        Assert.Equal(HttpStatusCode.NotFound, (await Assert.ThrowsAsync<HttpRequestException>(() => notThere.PairAsync(_ => Task.CompletedTask))).StatusCode);
    }

    [Fact]
    public async Task It_waits_for_the_interval_and_slows_down_when_it_is_told_so()
    {
        await using var host = await StartAsync();
        var device = Device(host);
        var codes = await device.StartAsync();
        await device.PollAsync(codes); // so that the loop's first poll is too early
        Assert.IsType<DeviceAnswer.Expired>(await device.PollUntilFinalAsync(codes));
        Assert.All(_clock.SecondsWaited, seconds => Assert.Equal(10, seconds));
        Assert.Equal(60, _clock.SecondsWaited.Count);
    }

    [Fact]
    public async Task It_polls_on_through_outages()
    {
        await using var host = await StartAsync();
        var (device, alice) = (Device(host), new ApproverSimulator(await host.SignInAsync("alice")));
        _store.Broken.Add(nameof(IPairingStore.TryAddAsync));
        _store.Broken.Add(nameof(IPairingStore.TryAcceptPollAsync));
        var outages = 0;
        _clock = new JumpingClock(_ =>
        {
            if (++outages % 3 == 0)
            {
                _store.Broken.Clear();
            }

            return Task.CompletedTask;
        });
        device = Device(host);
        Assert.IsType<DeviceAnswer.Paired>(await device.PairAsync(async codes =>
        {
            _store.Broken.Add(nameof(IPairingStore.FindByUserCodeAsync));
            Assert.IsType<ApproverAnswer.Unavailable>(await alice.ApproveAsync(codes.UserCode, ["library.read"]));
            _store.Broken.Clear();
            Assert.IsType<ApproverAnswer.Approved>(await alice.ApproveAsync(codes.UserCode, ["library.read"]));
            _store.Broken.Add(nameof(IPairingStore.TryAcceptPollAsync));
        }));
        Assert.Equal(6, outages);
    }

    [Fact]
    public async Task A_dropped_answer_is_an_outage_after_the_host_has_done_its_work()
    {
        await using var host = await StartAsync();
        using var drops = new AnswerDroppingHandler(answer => answer is { StatusCode: HttpStatusCode.OK, RequestMessage.RequestUri: var uri } && uri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal));
        var (keyed, plain) = (Device(host, key: "k", handler: drops), Device(host));
        var alice = new ApproverSimulator(await host.SignInAsync("alice"));
        var codes = await keyed.StartAsync();
        await alice.ApproveAsync(codes.UserCode, ["library.read"]);
        Assert.Equal(new DeviceAnswer.Unavailable(null), await keyed.PollAsync(codes));
        Assert.Equal(1, drops.Dropped);
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await plain.PollAsync(codes)); // redeemed, and not with this key
        Assert.IsType<DeviceAnswer.Paired>(await Device(host, key: "k").PollAsync(codes));
    }

    [Fact]
    public async Task A_loop_ends_when_it_is_cancelled()
    {
        await using var host = await StartAsync();
        using var stop = new CancellationTokenSource();
        _clock = new JumpingClock(_ => stop.CancelAsync());
        var device = Device(host);
        var codes = await device.StartAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => device.PollUntilFinalAsync(codes, stop.Token));
    }

    private async Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null)
    {
        _host = await TestHost.StartAsync(configure, _store.Use);
        _clock = new JumpingClock(wait =>
        {
            _host.Clock.Advance(wait);
            return Task.CompletedTask;
        });
        return _host;
    }

    private DeviceSimulator Device(
        TestHost host, DeviceDialect dialect = DeviceDialect.Form, string? key = null, AnswerDroppingHandler? handler = null, Action<int>? showNumber = null) =>
        new(host.Device(handler is null ? [] : [handler]), _clock)
        {
            Dialect = dialect,
            ClientId = "tv-app",
            Name = "TV of the test",
            Identifier = "id-1",
            Scopes = ["library.read"],
            IdempotencyKey = key,
            ShowNumber = showNumber,
        };
}

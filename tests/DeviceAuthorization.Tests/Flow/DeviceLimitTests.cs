using System.Collections.Concurrent;
using System.Net;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary><see cref="DeviceAuthorizationOptions.MaxDevicesPerUser"/>: who reaches the limit is told before the approval, and can make room.</summary>
public sealed class DeviceLimitTests
{
    [Fact]
    public async Task At_the_limit_an_approval_says_so_and_changes_nothing()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        await flow.PairAsync();
        var (codes, events) = (await flow.StartAsync(), flow.Events.Names);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached), await flow.DecideAsync(codes));
        Assert.Equal(PairingStatus.Pending, (await flow.StoredAsync(codes)).Status);
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        Assert.Single(await flow.Devices.ListAsync("alice", default));
        Assert.DoesNotContain(flow.Events.Names.Skip(events.Count), name => name == nameof(PairingEvent.Approved));
    }

    [Fact]
    public async Task Once_a_device_is_removed_the_same_code_is_approved()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        var first = await flow.PairAsync();
        var codes = await flow.StartAsync();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached), await flow.DecideAsync(codes));
        Assert.Equal(1, (await flow.Devices.DeleteAsync("alice", first.Issued.DeviceId!, flow.Clock.GetUtcNow(), default)).Devices);
        await flow.ApproveAsync(codes);
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task The_limit_is_each_users_own()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        await flow.PairAsync(user: "alice");
        await flow.PairAsync(user: "bob");
    }

    [Theory]
    [InlineData("tv-1", false, true)]
    [InlineData("tv-1", true, false)]
    [InlineData("TV-1", false, false)]
    [InlineData(null, false, false)]
    public async Task A_known_device_pairs_again_at_the_limit_unless_it_is_to_be_a_new_one(string? identifier, bool asNewDevice, bool approved)
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        var first = await flow.PairAsync("tv-1");
        var codes = await flow.StartAsync(identifier);
        var result = await flow.Approver.ApproveAsync(
            codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], AsNewDevice = asNewDevice });
        Assert.Equal(approved, result is ApproverResult.Approved { Device: var device } && device.Id == first.Issued.DeviceId);
        Assert.Equal(!approved, result is ApproverResult.Refused { Reason: ApproverRefusal.DeviceLimitReached });
    }

    [Fact]
    public async Task At_the_limit_nobody_is_asked_for_a_number()
    {
        var flow = new TestFlow(options => (options.MaxDevicesPerUser, options.NumberMatching) = (1, NumberMatching.WhenRisky));
        await flow.PairAsync();
        flow.Policy.Risk = ApprovalRisk.MatchNumber;
        var codes = Assert.IsType<StartResult.Started>(await flow.TryStartAsync(canShowNumber: true));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached), await flow.Approver.ApproveAsync(
            codes.UserCode, new Approver("alice"), new Approval { Scopes = ["read"], SupportsNumberMatching = true }));
        Assert.Equal(PairingStatus.Pending, (await flow.StoredAsync(codes)).Status);
    }

    [Fact]
    public async Task The_last_place_that_went_meanwhile_is_told_and_the_device_waits_for_the_next()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        var codes = await flow.StartAsync();
        var pause = flow.Devices.PauseBefore(nameof(IDeviceRepository.AddOrFindAsync));
        var deciding = flow.DecideAsync(codes);
        await pause.Reached; // it is decided, and not registered yet
        var other = await flow.PairAsync();
        pause.Release();
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached), await deciding);

        await WaitsForAPlaceAsync(flow, codes, other);
    }

    [Fact]
    public async Task A_registration_that_meets_the_limit_at_redemption_waits_and_is_not_denied()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        var codes = await flow.StartAsync();
        flow.Devices.FailBefore(nameof(IDeviceRepository.AddOrFindAsync)); // as if the host had died there: the next poll registers it
        await Assert.ThrowsAsync<IOException>(() => flow.DecideAsync(codes));
        var other = await flow.PairAsync();

        await WaitsForAPlaceAsync(flow, codes, other);
    }

    [Fact]
    public async Task A_device_that_waits_for_a_place_until_the_end_hears_that_its_time_is_up()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 1);
        var codes = await flow.StartAsync();
        flow.Devices.FailBefore(nameof(IDeviceRepository.AddOrFindAsync));
        await Assert.ThrowsAsync<IOException>(() => flow.DecideAsync(codes));
        await flow.PairAsync();
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        flow.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(codes));
    }

    [Fact]
    public async Task However_many_are_approved_at_once_the_limit_holds()
    {
        var flow = new TestFlow(options => options.MaxDevicesPerUser = 3);
        flow.Store.Interleaves = flow.Devices.Interleaves = true;
        var started = new List<StartResult.Started>();
        for (var i = 0; i < 16; i++)
        {
            started.Add(await flow.StartAsync());
        }

        var results = await Task.WhenAll(started.Select(codes => Task.Run(() => flow.DecideAsync(codes))));
        Assert.Equal(3, results.OfType<ApproverResult.Approved>().Count());
        Assert.Equal(13, results.Count(result => result == new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached)));
        Assert.Equal(3, (await flow.Devices.ListAsync("alice", default)).Count);
    }

    [Fact]
    public async Task A_code_that_is_looked_up_reads_one_device_however_many_there_are()
    {
        var flow = new TestFlow();
        for (var i = 0; i < 5; i++)
        {
            await flow.PairAsync($"tv-{i}");
        }

        var codes = await flow.StartAsync("tv-3");
        var read = new ConcurrentQueue<string>();
        flow.Devices.Passing = (member, _) =>
        {
            read.Enqueue(member);
            return Task.CompletedTask;
        };
        Assert.Equal("tv-3", Assert.IsType<ApproverResult.Review>(await flow.ClaimAsync(codes)).KnownDevice?.ClientDeviceIdentifier);
        Assert.Equal(
            [nameof(IDeviceRepository.CountAsync), nameof(IDeviceRepository.FindByIdentifierAsync)],
            read.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray());
    }

    [Fact]
    public async Task On_the_wire_an_approver_hears_it_in_the_words_that_RomM_has_for_tokens()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxDevicesPerUser = 1);
        await host.PairAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        Assert.Equal((HttpStatusCode.BadRequest, "Maximum of 1 devices per user reached"), (answer.StatusCode, await answer.DetailAsync()));
        using var poll = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
    }

    [Fact]
    public async Task On_the_page_an_approver_is_led_to_their_devices_and_can_enter_the_code_again()
    {
        await using var host = await DevicesBrowser.StartAsync(options => options.MaxDevicesPerUser = 1);
        await host.PairAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        using var full = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal((HttpStatusCode.BadRequest, "Too many devices"), (full.StatusCode, await full.TitleAsync()));
        var html = await full.HtmlAsync();
        Assert.Contains("Remove a device that you no longer use, then enter the code again.", html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/pair/devices\">Your devices</a>", html, StringComparison.Ordinal);

        using var removed = await alice.SendFormAsync("remove");
        using var approved = await alice.DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal((HttpStatusCode.OK, "Device approved"), (approved.StatusCode, await approved.TitleAsync()));
    }

    [Fact]
    public async Task A_device_that_waits_is_in_the_log_once()
    {
        var devices = new InterceptedDeviceRepository(new InMemoryDeviceRepository());
        await using var host = await TestHost.StartAsync(
            options => options.MaxDevicesPerUser = 1, services => services.AddSingleton<IDeviceRepository>(devices));
        var codes = await host.Device().StartAsync();
        devices.FailBefore(nameof(IDeviceRepository.AddOrFindAsync));
        using var failed = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, failed.StatusCode);
        await host.PairAsync();
        for (var poll = 0; poll < 3; poll++)
        {
            using var answer = await host.Device().PollAsync(codes.DeviceCode);
            Assert.Equal("authorization_pending", await answer.ErrorAsync());
        }

        Assert.Single(await devices.ListAsync("alice", default));
        Assert.Single(host.Logs.GetSnapshot(), record => record.Message.Contains("alice has 1 devices, as many as", StringComparison.Ordinal));
    }

    private static async Task WaitsForAPlaceAsync(TestFlow flow, StartResult.Started codes, PollResult.Paired other)
    {
        for (var poll = 0; poll < 3; poll++)
        {
            Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes));
        }

        Assert.Single(await flow.Devices.ListAsync("alice", default));
        Assert.Equal(1, (await flow.Devices.DeleteAsync("alice", other.Issued.DeviceId!, flow.Clock.GetUtcNow(), default)).Devices);
        await flow.RedeemAsync(codes);
        Assert.Single(await flow.Devices.ListAsync("alice", default));
    }
}

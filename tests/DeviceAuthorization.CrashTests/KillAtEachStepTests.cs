using DeviceAuthorization.Storage;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// A host dies by SIGKILL while it holds one request at each point of a step: before and after every call of a store. Another host over the same
/// stores goes on. The points are those of an undisturbed run, so that a new step is covered by itself.
/// </summary>
public abstract class KillAtEachStepTests(Stores stores) : IAsyncLifetime
{
    private HostProcess _survivor = null!;

    private HttpClient Survivor => _survivor.Client;

    public async Task InitializeAsync() => _survivor = await stores.SurvivorAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_approver_whose_approval_was_cut_short_decides_again_or_hears_that_it_counts()
    {
        var steps = await ApprovalStepsAsync();
        var decision = Array.IndexOf(steps, nameof(IPairingStore.TryReplaceAsync)) + 1;
        async Task<(string User, bool Counts, DeviceSimulator Device, DeviceCodes Codes)> CutShortAsync(HttpClient victim, Fault fault)
        {
            var (user, device, codes) = await StartAsync();
            Assert.IsType<ApproverAnswer.Unavailable>(await victim.ApproveAsync(user, codes));
            return (user, fault.Step > decision || (fault.Step == decision && fault.After), device, codes);
        }

        await KillAtEachPointAsync(
            steps,
            async (victim, fault) =>
            {
                var (user, counts, device, codes) = await CutShortAsync(victim, fault);
                AssertDecided<ApproverAnswer.Approved>(counts, await Survivor.ApproveAsync(user, codes));
                await AssertPairedOnceAsync(user, await device.PollAsync(codes));
            },
            async (victim, fault) =>
            {
                var (user, counts, device, codes) = await CutShortAsync(victim, fault);
                AssertDecided<ApproverAnswer.Denied>(counts, await Survivor.DenyAsync(user, codes));
                var answer = await device.PollAsync(codes);
                if (counts)
                {
                    await AssertPairedOnceAsync(user, answer);
                    return;
                }

                Assert.IsType<DeviceAnswer.Denied>(answer);
                Assert.Empty(await stores.Devices.ListAsync(user, default));
                Assert.Empty(await stores.Devices.ListTokensAsync(user, default));
            });
    }

    [Fact]
    public async Task A_device_with_an_idempotency_key_whose_redemption_was_cut_short_gets_its_token()
    {
        // Its approval was cut short, too, before it registered the device: that is one more step of the redemption then.
        var registration = Array.IndexOf(await ApprovalStepsAsync(), nameof(IDeviceRepository.AddOrFindAsync)) + 1;
        using var failing = _survivor.ClientWith(new Fault(registration, After: false, Holds: false));
        async Task<(string User, DeviceCodes Codes)> StartAndApproveAsync()
        {
            var (user, _, codes) = await StartAsync();
            Assert.IsType<ApproverAnswer.Unavailable>(await failing.ApproveAsync(user, codes));
            return (user, codes);
        }

        var (someone, approved) = await StartAndApproveAsync();
        var steps = await _survivor.StepsOfAsync(host => host.Device(someone).PollAsync(approved));
        Assert.Contains(steps, step => step == nameof(IDeviceRepository.AddOrFindAsync));
        await KillAtEachPointAsync(steps, async (victim, fault) =>
        {
            var (user, codes) = await StartAndApproveAsync();
            Assert.IsType<DeviceAnswer.Unavailable>(await victim.Device(user, "key").PollAsync(codes));

            await AssertPairedOnceAsync(user, await Survivor.Device(user, "key").PollAsync(codes));
        });
    }

    [Fact]
    public async Task A_device_without_an_idempotency_key_whose_redemption_was_cut_short_gets_its_token_or_a_final_answer()
    {
        var (someone, _, approved) = await StartAsync();
        await Survivor.ApproveAsync(someone, approved);
        var steps = await _survivor.StepsOfAsync(host => host.Device(someone).PollAsync(approved));
        await KillAtEachPointAsync(steps, async (victim, fault) =>
        {
            var (user, device, codes) = await StartAsync();
            await Survivor.ApproveAsync(user, codes);
            Assert.IsType<DeviceAnswer.Unavailable>(await victim.Device(user).PollAsync(codes));

            var answer = await device.PollAsync(codes);
            if (fault == new Fault(steps.Length, After: true)) // redeemed, and the only answer is lost
            {
                Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), answer);
                Assert.Single(await stores.Devices.ListTokensAsync(user, default)); // nobody has it; its owner sees it, and the next pairing revokes it
                codes = await device.StartAsync();
                await Survivor.ApproveAsync(user, codes);
                answer = await device.PollAsync(codes);
            }

            await AssertPairedOnceAsync(user, answer);
        });
    }

    /// <summary>A device of its own user, which names itself as him.</summary>
    private async Task<(string User, DeviceSimulator Device, DeviceCodes Codes)> StartAsync()
    {
        var user = Guid.NewGuid().ToString();
        var device = Survivor.Device(user);
        return (user, device, await device.StartAsync());
    }

    private async Task<string[]> ApprovalStepsAsync()
    {
        var (user, _, codes) = await StartAsync();
        return await _survivor.StepsOfAsync(host => host.ApproveAsync(user, codes));
    }

    private async Task KillAtEachPointAsync(string[] steps, params Func<HttpClient, Fault, Task>[] stories)
    {
        Assert.NotEmpty(steps);
        var points = Enumerable.Range(1, steps.Length).SelectMany(step => new[] { new Fault(step, After: false), new Fault(step, After: true) });
        await using var victim = await stores.StartHostAsync();
        var told = stories.SelectMany(_ => points, async (story, point) =>
        {
            using var client = victim.ClientWith(point);
            try
            {
                await story(client, point);
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Killed {(point.After ? "after" : "before")} step {point.Step} of {string.Join(", ", steps)}.", exception);
            }
        }).ToArray();
        var areHeld = await victim.HoldsAsync(told.Length);
        await victim.KillAsync();
        await Task.WhenAll(told);
        Assert.True(areHeld, $"Some requests were not held.\n{victim}");
    }

    private static void AssertDecided<T>(bool countsAlready, ApproverAnswer answer)
    {
        if (countsAlready)
        {
            Assert.Equal(new ApproverAnswer.AlreadyDecided("Code already approved"), answer);
        }
        else
        {
            Assert.IsType<T>(answer);
        }
    }

    /// <summary>The device has a token that works; it is the only one, and so is the device.</summary>
    private async Task AssertPairedOnceAsync(string user, DeviceAnswer answer)
    {
        var paired = Assert.IsType<DeviceAnswer.Paired>(answer);
        var device = Assert.Single(await stores.Devices.ListAsync(user, default));
        Assert.Equal((user, paired.DeviceId), (device.ClientDeviceIdentifier, device.Id));
        Assert.Equal(device.Id, await Survivor.UseAsync(paired.AccessToken));
        Assert.Equal(device.Id, Assert.Single(await stores.Devices.ListTokensAsync(user, default)).DeviceId);
    }
}

[Collection(nameof(SqliteStores))]
public sealed class KillAtEachStepOnSqlite(SqliteStores stores) : KillAtEachStepTests(stores);

[Collection(nameof(PostgresStores))]
public sealed class KillAtEachStepOnPostgres(PostgresStores stores) : KillAtEachStepTests(stores);

[Collection(nameof(RedisStores))]
public sealed class KillAtEachStepOnRedis(RedisStores stores) : KillAtEachStepTests(stores);

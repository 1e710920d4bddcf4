using System.Globalization;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// Redis dies and the end of its log is lost, as it is when the machine loses its power before the next sync (<c>appendfsync everysec</c>). What
/// it has forgotten is asked for again; tokens are not Redis's to forget.
/// </summary>
[Collection(nameof(RedisStores))]
public sealed class RedisForgetsTests(RedisStores stores)
{
    [Fact]
    public async Task What_the_end_of_the_log_held_is_asked_for_again_and_nobody_has_two_tokens()
    {
        var host = (await stores.SurvivorAsync()).Client;
        var (decided, redeemed, started) = (host.Device("decided"), host.Device("redeemed"), host.Device("started"));
        var (decidedCodes, redeemedCodes) = (await decided.StartAsync(), await redeemed.StartAsync());
        Assert.IsType<ApproverAnswer.Approved>(await host.ApproveAsync("redeemed", redeemedCodes));
        var log = await WrittenLogAsync();
        var kept = log.Length;

        Assert.IsType<ApproverAnswer.Approved>(await host.ApproveAsync("decided", decidedCodes));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await redeemed.PollAsync(redeemedCodes));
        var startedCodes = await started.StartAsync();
        Assert.IsType<ApproverAnswer.Approved>(await host.ApproveAsync("started", startedCodes));

        await WrittenLogAsync();
        await stores.Redis.KillAsync();
        await using (var file = log.OpenWrite())
        {
            file.SetLength(kept);
        }

        await stores.Redis.RestartAsync();

        // The start: the device learns that its code is invalid, and starts again.
        Assert.Equal(new DeviceAnswer.Refused("invalid_grant"), await Flow.UntilAnsweredAsync(() => started.PollAsync(startedCodes)));

        // The decision: the device still waits, and the approver can decide again.
        Assert.IsType<DeviceAnswer.Pending>(await decided.PollAsync(decidedCodes));
        Assert.IsType<ApproverAnswer.Approved>(await host.ApproveAsync("decided", decidedCodes));
        await AssertOnlyTokenAsync(host, "decided", Assert.IsType<DeviceAnswer.Paired>(await decided.PollAsync(decidedCodes)).AccessToken);

        // The redemption: the device already has its token, and no other one is made.
        Assert.Equal(paired.AccessToken, Assert.IsType<DeviceAnswer.Paired>(await redeemed.PollAsync(redeemedCodes)).AccessToken);
        await AssertOnlyTokenAsync(host, "redeemed", paired.AccessToken);
    }

    private async Task AssertOnlyTokenAsync(HttpClient host, string user, string token)
    {
        var only = Assert.Single(await stores.Devices.ListTokensAsync(user, default));
        Assert.Equal(only.DeviceId, await host.UseAsync(token));
    }

    /// <summary>The log, when Redis holds nothing back from it.</summary>
    private async Task<FileInfo> WrittenLogAsync()
    {
        using var patience = new CancellationTokenSource(RedisServer.Patience);
        string info;
        do
        {
            patience.Token.ThrowIfCancellationRequested();
            info = await RedisServer.CommandAsync("-p", stores.Redis.Port.ToString(CultureInfo.InvariantCulture), "info", "persistence");
        }
        while (!info.Contains("aof_buffer_length:0", StringComparison.Ordinal));

        return new FileInfo(Directory.GetFiles(stores.Redis.Folder, "*.incr.aof", SearchOption.AllDirectories).Single());
    }
}

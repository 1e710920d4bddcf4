namespace DeviceAuthorization.CrashTests;

/// <summary>
/// Two hosts over one PostgreSQL, either of which is killed by SIGKILL and started again twice while 200 devices pair. <see cref="SoakTests"/> has
/// pairings in Redis.
/// </summary>
[Collection(nameof(PostgresStores))]
public sealed class TwoHostsTests(PostgresStores stores)
{
    [Fact]
    public async Task Every_device_ends_in_the_state_that_its_approver_chose()
    {
        await using var hosts = await HostGroup.StartAsync(stores, 2);
        var crowd = new Crowd(stores, hosts, 200);
        await crowd.PairAsync(TimeSpan.FromSeconds(12), async pace =>
        {
            for (var kill = 0; kill < 4; kill++)
            {
                await crowd.PairedAsync(15 + (int)(20 * pace.Draw($"kill {kill}")));
                await hosts.KillAndRestartAsync(kill % 2);
            }
        });
        Assert.All(crowd.Members, member => Assert.Empty(member.Forgotten));
    }
}

using System.Diagnostics;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>What keeps the data dies by SIGKILL while 40 devices pair, and is started again.</summary>
public abstract class KillServerTests(Stores stores)
{
    private const int Size = 40;

    /// <summary>Kills in turn, each after a quarter of the devices more have paired.</summary>
    /// <returns>When decisions were acknowledged that were forgotten then.</returns>
    private protected async Task<long[]> PairAsync(int hosts, params Func<HostGroup, Task>[] killAndRestart)
    {
        await using var group = await HostGroup.StartAsync(stores, hosts);
        var crowd = new Crowd(stores, group, Size);
        await crowd.PairAsync(TimeSpan.FromSeconds(6), async _ =>
        {
            foreach (var kill in killAndRestart)
            {
                await crowd.PairedAsync(Size / 4);
                await kill(group);
            }
        });
        return [.. crowd.Members.SelectMany(member => member.Forgotten)];
    }
}

[Collection(nameof(SqliteStores))]
public sealed class KillSqliteHost(SqliteStores stores) : KillServerTests(stores)
{
    [Fact]
    public async Task With_the_only_host_of_a_file_killed_every_device_ends_as_its_approver_chose() =>
        Assert.Empty(await PairAsync(hosts: 1, host => host.KillAndRestartAsync(0), host => host.KillAndRestartAsync(0)));
}

[Collection(nameof(PostgresStores))]
public sealed class KillPostgres(PostgresStores stores) : KillServerTests(stores)
{
    [Fact]
    public async Task With_PostgreSQL_killed_every_device_ends_as_its_approver_chose() =>
        Assert.Empty(await PairAsync(hosts: 2, _ => stores.Postgres.KillAndRestartAsync(), _ => stores.Postgres.KillAndRestartAsync()));
}

[Collection(nameof(RedisStores))]
public sealed class KillRedis(RedisStores stores) : KillServerTests(stores)
{
    /// <summary>Redis may hold a write back for two seconds while the sync before it is slow.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task With_Redis_and_PostgreSQL_killed_every_device_ends_as_its_approver_chose_and_only_the_last_moment_is_forgotten()
    {
        var survivor = (await stores.SurvivorAsync()).Client;
        var patient = await Task.WhenAll(Enumerable.Range(0, 5).Select(async index => // approved long before, and not polling until all is over
        {
            var device = survivor.Device($"patient-{index}");
            var codes = await device.StartAsync();
            Assert.IsType<ApproverAnswer.Approved>(await survivor.ApproveAsync("patient", codes));
            return (Device: device, Codes: codes);
        }));
        var (approvedAt, killedAt) = (Stopwatch.GetTimestamp(), 0L);
        var forgotten = await PairAsync(
            hosts: 2,
            async _ =>
            {
                await stores.Redis.KillAsync();
                killedAt = Stopwatch.GetTimestamp();
                await stores.Redis.RestartAsync();
            },
            _ => stores.Postgres.KillAndRestartAsync());
        Assert.All(forgotten, acknowledgedAt => Assert.InRange(Stopwatch.GetElapsedTime(acknowledgedAt, killedAt), TimeSpan.MinValue, Window));

        Assert.InRange(Stopwatch.GetElapsedTime(approvedAt, killedAt), Window, TimeSpan.MaxValue);
        foreach (var (device, codes) in patient)
        {
            Assert.IsType<DeviceAnswer.Paired>(await Flow.UntilAnsweredAsync(() => device.PollAsync(codes)));
        }
    }
}

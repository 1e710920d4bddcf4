using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using DeviceAuthorization.Testing;
using Xunit.Abstractions;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// Devices pair, call the API, lose their access and pair again, at two hosts over Redis and PostgreSQL, all of which are killed or stopped meanwhile.
/// <c>SOAK_MINUTES</c> says for how long: 60 is with 2,000 devices, up to 5 with 300, and without it the soak takes about 40 seconds. <c>SOAK_SEED</c> repeats what
/// devices and people choose. <c>SOAK_LOG</c> names a file for the progress.
/// </summary>
[Collection(nameof(SoakStores))]
public sealed class SoakTests(SoakStores stores, ITestOutputHelper output)
{
    private const int CodesPerUser = 80;
    private const int StartsPerMinute = 10;
    private const int Ticks = 60;

    /// <summary>Too short for codes to expire, and for a host to be started again each minute.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMinutes(5);

    /// <summary>How long after a store is back a host may still answer 503.</summary>
    private static readonly TimeSpan Reconnection = TimeSpan.FromSeconds(5);

    private readonly ConcurrentDictionary<string, int> _done = new(StringComparer.Ordinal);
    private readonly List<Sample> _samples = [];
    private readonly Stopwatch _time = new();

    [Fact]
    public async Task After_a_soak_memory_is_flat_every_answer_was_right_and_every_device_is_as_its_owner_chose()
    {
        var length = Environment.GetEnvironmentVariable("SOAK_MINUTES") is { } minutes
            ? TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture))
            : TimeSpan.FromSeconds(24);
        var seed = Environment.GetEnvironmentVariable("SOAK_SEED") is { } chosen ? int.Parse(chosen, CultureInfo.InvariantCulture) : RandomNumberGenerator.GetInt32(int.MaxValue);
        var size = length <= Short ? 300 : 2000;
        Write($"Seed {seed}, {length}, {size} devices");

        using var over = new CancellationTokenSource();
        var rhythm = length <= Short
            ? new Rhythm(Start: length / 2, Pause: length / 2, Decision: TimeSpan.FromSeconds(3), Call: TimeSpan.FromSeconds(1), over.Token) { MostRounds = 3 }
            : new Rhythm(Start: TimeSpan.FromMinutes(4), Pause: TimeSpan.FromMinutes(4), Decision: TimeSpan.FromSeconds(15), Call: TimeSpan.FromSeconds(20), over.Token) { LetsCodesExpire = true };
        await using var hosts = await HostGroup.StartAsync(
            stores,
            2,
            CrashHost.Soak,
            $"--DeviceAuthorization:PollingInterval={TimeSpan.FromSeconds(length <= Short ? 1 : 5)}",
            $"--DeviceAuthorization:PairingLifetime={TimeSpan.FromMinutes(2)}",
            $"--DeviceAuthorization:RateLimits:StartsPerMinute={StartsPerMinute}",
            $"--DeviceAuthorization:RateLimits:CodesPerUser={CodesPerUser}",
            "--DeviceAuthorization:RateLimits:CodesPerUserAndDay=1000000",
            "--DeviceAuthorization:RateLimits:CodesPerAddress=1000000");
        var (starter, guesser) = (hosts.ClientAt("203.0.113.1"), hosts.ClientAt("203.0.113.2"));
        await AssertSecretsAreRecognisedAsync(starter);
        LimitProbe[] probes =
        [
            new("starts of one address", StartsPerMinute, TimeSpan.FromMinutes(1), () => StartAsync(starter)),
            new("codes of one user", CodesPerUser, TimeSpan.FromMinutes(10), () => GuessAsync(guesser)),
        ];
        var crowd = new Crowd(stores, hosts, size);
        var pace = new Pace(seed);
        _time.Start();
        var probing = probes.Select(probe => probe.TryAsync(over.Token)).ToArray();
        try
        {
            await crowd.LoopAsync(stores, pace, rhythm, Count, async failed =>
            {
                await TroubleAsync(hosts, length, pace, failed);
                await over.CancelAsync();
            });
            await Task.WhenAll(probing).WaitAsync(HostProcess.Patience);
            await AssertEndAsync(hosts, crowd, probes);
        }
        catch (Exception exception)
        {
            await over.CancelAsync();
            var log = $"{hosts}".Split('\n').Where(line => !line.StartsWith("dbug", StringComparison.Ordinal) && !line.StartsWith("info", StringComparison.Ordinal)).TakeLast(50);
            throw new InvalidOperationException(
                $"With the seed {seed}, after {_time.Elapsed}: {exception.Message}\n{string.Join('\n', hosts.Traffic.Faults.Take(20))}\n{string.Join('\n', log)}", exception);
        }
    }

    /// <summary>
    /// Ends the second host again and again, and the stores in turn. The first host ends only near the beginning: its memory is looked at until the end.
    /// </summary>
    private async Task TroubleAsync(HostGroup hosts, TimeSpan length, Pace pace, CancellationToken failed)
    {
        var tick = length / Ticks;
        for (var now = 1; now <= Ticks; now++)
        {
            var left = (tick * now) - _time.Elapsed;
            await Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, failed);
            await (now switch
            {
                3 => hosts.StopAndRestartAsync(0),
                7 => hosts.KillAndRestartAsync(0),
                15 => hosts.StopAndRestartAsync(1),
                20 => hosts.Traffic.WithoutStoreAsync(stores.RestartRedisAsync, Reconnection),
                30 => hosts.Traffic.WithoutStoreAsync(stores.Postgres.KillAndRestartAsync, Reconnection),
                40 => hosts.KillAndRestartAsync(1),
                _ when length <= Short => Task.CompletedTask,
                45 => hosts.Traffic.WithoutStoreAsync(stores.RestartRedisAsync, Reconnection),
                50 => hosts.Traffic.WithoutStoreAsync(stores.Postgres.KillAndRestartAsync, Reconnection),
                _ => pace.Draw($"kill {now}") switch
                {
                    < 0.3 => hosts.StopAndRestartAsync(1),
                    < 0.6 => hosts.KillAndRestartAsync(1),
                    _ => Task.CompletedTask,
                },
            });
            if (now % 5 == 0 || length > Short)
            {
                await stores.PassTimeForRevokedTokensAsync();
                await LookAsync(hosts);
            }

            Assert.Empty(hosts.Traffic.Faults);
            Assert.Empty(hosts.Leaks);
        }
    }

    /// <summary>Else a log without them would prove nothing.</summary>
    private static async Task AssertSecretsAreRecognisedAsync(HttpClient host)
    {
        var device = host.Device("first");
        var codes = await device.StartAsync();
        Assert.Matches(Secrets.Shape, $"code {codes.UserCode}.");
        Assert.InRange(Enumerable.Range(0, 100).Count(_ => Secrets.Shape.IsMatch($"code {DeviceCode.New().Reveal()}.")), 90, 100);
        Assert.IsType<ApproverAnswer.Approved>(await host.ApproveAsync("first", codes));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(codes));
        Assert.Matches(Secrets.Shape, paired.AccessToken);
        await host.RemoveAsync("first", paired.DeviceId);
    }

    private async Task LookAsync(HostGroup hosts)
    {
        var footprints = await Task.WhenAll(hosts.Hosts.Select(host => Flow.UntilAnsweredAsync(async () => (await host.Client.GetFromJsonAsync<Footprint>(Footprint.Path))!)));
        var (keys, memory) = await stores.RedisSizeAsync();
        var sample = new Sample(
            footprints[0],
            memory,
            await stores.QueryAsync("""SELECT count(*) FROM "DeviceTokens" """),
            await stores.QueryAsync("""SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname IN ('DeviceTokens', 'PairedDevices', 'DeviceTokenOwners')"""));
        _samples.Add(sample);
        Write(
            $"{_time.Elapsed:hh\\:mm\\:ss} {hosts.Traffic} | {Done()} | A {footprints[0]} | B {footprints[1]} | Redis {keys} keys, {memory >> 10} KB | PostgreSQL {sample.Tokens} tokens, {sample.Tables >> 10} KB");
    }

    private async Task AssertEndAsync(HostGroup hosts, Crowd crowd, LimitProbe[] probes)
    {
        Write($"{_time.Elapsed:hh\\:mm\\:ss} {hosts.Traffic} | {Done()} | {string.Join(", ", probes.AsEnumerable())}");
        Assert.Empty(hosts.Traffic.Faults);
        Assert.Empty(hosts.Leaks);
        foreach (var probe in probes)
        {
            probe.AssertHeld();
        }

        // A busy machine may keep a store longer than StoreTimeout, now and then.
        Assert.InRange(hosts.Traffic.Unexplained, 0, hosts.Traffic.Requests / 100);

        // Nobody who keeps to the limits was refused.
        Assert.Equal(probes.Sum(probe => probe.Refused), hosts.Traffic.Of(HttpStatusCode.TooManyRequests));

        // What the stores have is what the crowd knows. What has ended is removed.
        await stores.PassTimeForRevokedTokensAsync();
        Assert.Equal(crowd.Members.Count(member => member.DeviceId is not null), await stores.QueryAsync("""SELECT count(*) FROM "PairedDevices" """));
        Assert.Equal(
            crowd.Members.Count(member => member.Token is not null),
            await stores.QueryAsync($"""SELECT count(*) FROM "DeviceTokens" WHERE "RevokedAt" IS NULL AND "ExpiresAt" > {TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds()}"""));
        await Flow.UntilAnsweredAsync(async () => await stores.QueryAsync("""SELECT count(*) FROM "DeviceTokens" WHERE "RevokedAt" IS NOT NULL""") == 0 ? crowd : throw new HttpRequestException());
        Assert.InRange(await stores.QueryAsync("""SELECT count(*) FROM "DeviceTokens" """), 0, crowd.Members.Count);
        Assert.Equal("0", (await stores.Redis.CliAsync("EVAL", SoakStores.CountOfKeysForEver, "0")).Trim());

        AssertFlat("heap", 8 << 20, sample => sample.First.Heap);
        AssertFlat("working set", 64 << 20, sample => sample.First.WorkingSet);
        AssertFlat("threads", 20, sample => sample.First.Threads);
        AssertFlat("handles", 200, sample => sample.First.Handles);
        AssertFlat("memory of Redis", 16 << 20, sample => sample.RedisMemory);
        AssertFlat("tables", 8 << 20, sample => sample.Tables);
    }

    /// <summary>The median of the last quarter is about that of the second, when everything is warm.</summary>
    private void AssertFlat(string what, long slack, Func<Sample, long> read)
    {
        var (warm, end) = (Median(_samples.Skip(_samples.Count / 4).Take(_samples.Count / 4)), Median(_samples.TakeLast(_samples.Count / 4)));
        Write($"{what}: {warm} after a quarter, {end} at the end");
        Assert.InRange(end, 0, (warm * 6 / 5) + slack);

        long Median(IEnumerable<Sample> samples) => samples.Select(read).Order().ToArray() is var sorted ? sorted[sorted.Length / 2] : 0;
    }

    private static async Task<bool?> StartAsync(HttpClient host)
    {
        try
        {
            await host.Device("greedy").StartAsync();
            return true;
        }
        catch (HttpRequestException exception)
        {
            return exception.StatusCode == HttpStatusCode.TooManyRequests ? false : null;
        }
    }

    private static async Task<bool?> GuessAsync(HttpClient host) => await new ApproverSimulator(host, "guesser").LookUpAsync("BCDF-GHJK") switch
    {
        ApproverAnswer.Unknown => true,
        ApproverAnswer.Refused(429) => false,
        _ => null,
    };

    private void Count(string what) => _done.AddOrUpdate(what, 1, (_, count) => count + 1);

    private string Done() => string.Join(", ", _done.OrderBy(done => done.Key, StringComparer.Ordinal).Select(done => $"{done.Value} {done.Key}"));

    /// <summary>At once, too: an hour is long.</summary>
    private void Write(string line)
    {
        output.WriteLine(line);
        if (Environment.GetEnvironmentVariable("SOAK_LOG") is { } file)
        {
            File.AppendAllText(file, $"{line}\n");
        }
    }

    private sealed record Sample(Footprint First, long RedisMemory, long Tokens, long Tables);
}

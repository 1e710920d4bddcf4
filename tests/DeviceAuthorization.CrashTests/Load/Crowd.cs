using System.Runtime.ExceptionServices;
using System.Security.Cryptography;
using System.Threading.Channels;

namespace DeviceAuthorization.CrashTests;

/// <summary>Devices that pair at random pace, of several users, while something goes wrong.</summary>
internal sealed class Crowd(Stores stores, HostGroup hosts, int size)
{
    private const int Users = 25;

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(10);

    private readonly Channel<CrowdMember> _ended = Channel.CreateUnbounded<CrowdMember>();

    /// <summary>Its members, once they have paired.</summary>
    public IReadOnlyList<CrowdMember> Members { get; private set; } = [];

    /// <summary>Lets all of them pair, and looks at what is there then.</summary>
    /// <param name="longestStart">How long the last device takes to begin, at most.</param>
    /// <param name="trouble">What goes wrong meanwhile; it waits for its moments with <see cref="PairedAsync"/>.</param>
    public async Task PairAsync(TimeSpan longestStart, Func<Pace, Task> trouble)
    {
        var seed = RandomNumberGenerator.GetInt32(int.MaxValue);
        var pace = new Pace(seed);
        try
        {
            Members = [.. Enumerable.Range(0, size).Select(index => new CrowdMember(hosts.Client, pace, $"{seed}-{index % Users}", index))];
            var pairing = Members.Select(async member =>
            {
                try
                {
                    await member.PairAsync(longestStart, longestDecision: TimeSpan.FromSeconds(4));
                }
                finally
                {
                    _ended.Writer.TryWrite(member);
                }
            }).ToArray();
            await trouble(pace).WaitAsync(Deadline);
            await Task.WhenAll(pairing).WaitAsync(Deadline);
            await AssertAllAsChosenAsync();
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"With the seed {seed}:\n{hosts}", exception);
        }
    }

    /// <summary>Lets all of them pair and lose their access, again and again, and looks at what is there then. Each has an address of its own.</summary>
    /// <param name="trouble">What goes wrong meanwhile. If a device fails, it is cancelled.</param>
    /// <param name="count">Gets each thing that a device has done.</param>
    public async Task LoopAsync(PostgresStores tokens, Pace pace, Rhythm rhythm, Action<string> count, Func<CancellationToken, Task> trouble)
    {
        Members =
        [
            .. Enumerable.Range(0, size).Select(index =>
            {
                var isAlone = index % 10 == 9;
                var user = isAlone ? $"alone-{index}" : $"family-{index / 10}-{index % 3}";
                return new CrowdMember(hosts.ClientAt($"10.{index / 200}.{index % 200}.1"), pace, user, index, index % 3 == 0 ? LongestHold : default) { IsAlone = isAlone };
            }),
        ];
        var loops = Members.Select(member => new LoopingMember(member, tokens, pace, rhythm, count)).ToArray();
        using var failed = new CancellationTokenSource();
        Exception? first = null;
        var looping = loops.Select(async loop =>
        {
            try
            {
                await loop.LoopAsync();
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref first, exception, null);
                await failed.CancelAsync();
                throw;
            }
        }).ToArray();
        var all = Task.WhenAll(looping);
        try
        {
            await trouble(failed.Token);
        }
        catch (OperationCanceledException) when (failed.IsCancellationRequested)
        {
            ExceptionDispatchInfo.Throw(first!);
        }

        await all.WaitAsync(Deadline);
        Assert.All(Members, member => Assert.Empty(member.Forgotten));
        Assert.All(Members, member => Assert.Equal(0, member.Restarts)); // no store forgets anything, and codes live longer than people take
        await AssertAllAsChosenAsync();
        foreach (var host in hosts.Hosts)
        {
            foreach (var (member, loop) in Members.Zip(loops))
            {
                if (member.Token is { } token)
                {
                    Assert.Equal(member.DeviceId, await host.Client.UseAsync(token));
                }

                if (loop.EndedToken is { } ended)
                {
                    Assert.Equal("", await LoopingMember.UseAsync(host.Client, ended));
                }
            }
        }
    }

    /// <summary>Waits until so many more have paired.</summary>
    public async Task PairedAsync(int members)
    {
        for (var paired = 0; paired < members; paired++)
        {
            await _ended.Reader.ReadAsync();
        }
    }

    /// <summary>Each device that was approved, and not removed since, is there once. Each that has access has one token, which works. There is nothing else.</summary>
    private async Task AssertAllAsChosenAsync()
    {
        foreach (var user in Members.GroupBy(member => member.User, StringComparer.Ordinal))
        {
            var devices = await stores.Devices.ListAsync(user.Key, default);
            Assert.Equal(
                user.Where(member => member.DeviceId is not null).Select(member => member.Identifier).Order(StringComparer.Ordinal),
                devices.Select(device => device.ClientDeviceIdentifier!).Order(StringComparer.Ordinal));
            Assert.Equal(
                user.Where(member => member.Token is not null).Select(member => member.DeviceId!).Order(StringComparer.Ordinal),
                (await stores.Devices.ListTokensAsync(user.Key, default))
                    .Where(token => token.ExpiresAt is not { } end || end > TimeProvider.System.GetUtcNow()).Select(token => token.DeviceId!).Order(StringComparer.Ordinal));
            foreach (var member in user.Where(member => member.Token is not null))
            {
                Assert.Equal(devices.Single(device => device.ClientDeviceIdentifier == member.Identifier).Id, await hosts.Client.UseAsync(member.Token!));
            }
        }
    }
}

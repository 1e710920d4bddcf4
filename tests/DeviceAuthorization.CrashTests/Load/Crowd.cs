using System.Security.Cryptography;
using System.Threading.Channels;

namespace DeviceAuthorization.CrashTests;

/// <summary>Devices that pair at random pace, of several users, while something goes wrong.</summary>
internal sealed class Crowd(Stores stores, HostGroup hosts, int size)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

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
            Members = [.. Enumerable.Range(0, size).Select(index => new CrowdMember(hosts.Client, pace, crowd: $"{seed}", index))];
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

    /// <summary>Waits until so many more have paired.</summary>
    public async Task PairedAsync(int members)
    {
        for (var paired = 0; paired < members; paired++)
        {
            await _ended.Reader.ReadAsync();
        }
    }

    /// <summary>Each approved device is there once and has one token, which works; there is nothing else.</summary>
    private async Task AssertAllAsChosenAsync()
    {
        foreach (var user in Members.GroupBy(member => member.User, StringComparer.Ordinal))
        {
            var devices = await stores.Devices.ListAsync(user.Key, default);
            Assert.Equal(
                user.Where(member => member.Approves).Select(member => member.Identifier).Order(StringComparer.Ordinal),
                devices.Select(device => device.ClientDeviceIdentifier!).Order(StringComparer.Ordinal));
            Assert.Equal(
                devices.Select(device => device.Id).Order(StringComparer.Ordinal),
                (await stores.Devices.ListTokensAsync(user.Key, default)).Select(token => token.DeviceId!).Order(StringComparer.Ordinal));
            foreach (var member in user.Where(member => member.Approves))
            {
                Assert.Equal(devices.Single(device => device.ClientDeviceIdentifier == member.Identifier).Id, await hosts.Client.UseAsync(member.Token!));
            }
        }
    }
}

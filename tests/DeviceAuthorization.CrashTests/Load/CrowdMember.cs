using System.Diagnostics;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>
/// A device and the person who decides about it. Both try again whatever fails, as real ones do: the device polls with an idempotency key until
/// an answer is final, and starts anew if it is told that its code is unknown; the person decides again until told that it is decided.
/// </summary>
internal sealed class CrowdMember(HttpClient hosts, Pace pace, string user, int index, TimeSpan longestHold = default)
{
    private readonly DeviceSimulator _device =
        hosts.Device($"device-{index}", idempotencyKey: $"{index}", index % 2 == 0 ? DeviceDialect.Form : DeviceDialect.Json, longestHold);

    private int _pairings;

    public int Index => index;

    public HttpClient Hosts => hosts;

    /// <summary>What the device calls itself.</summary>
    public string Identifier => _device.Identifier!;

    public string User => user;

    /// <summary>Whether no other device is of the same user.</summary>
    public bool IsAlone { get; init; }

    /// <summary>What the person chooses this time.</summary>
    public bool Approves => pace.Draw($"{What} approves") < 0.75;

    /// <summary>The live token of the device, if it has one.</summary>
    public string? Token { get; set; }

    /// <summary>The device in the registry, while it is there.</summary>
    public string? DeviceId { get; set; }

    /// <summary>When decisions were acknowledged (<see cref="Stopwatch.GetTimestamp"/>) of which a later poll knew nothing.</summary>
    public List<long> Forgotten { get; } = [];

    /// <summary>How often the device was told that a code of its own is unknown or expired, and started again.</summary>
    public int Restarts { get; private set; }

    /// <summary>This pairing of the device.</summary>
    private string What => $"{index}/{_pairings}";

    /// <summary>Pairs, or is denied, for the first time or again.</summary>
    public async Task PairAsync(TimeSpan longestStart, TimeSpan longestDecision)
    {
        _pairings++;
        await pace.PauseAsync($"{What} starts", longestStart);
        var isPaired = false;
        while (!isPaired)
        {
            var codes = await Flow.UntilAnsweredAsync(() => _device.StartAsync()); // a start whose answer is lost is a pairing that nobody knows
            isPaired = await PollUntilFinalAsync(codes, longestDecision);
        }
    }

    /// <returns>Whether the answer is that of the person; false when the code is unknown.</returns>
    private async Task<bool> PollUntilFinalAsync(DeviceCodes codes, TimeSpan longestDecision)
    {
        var decision = DecideAsync(codes, longestDecision);
        var interval = TimeSpan.FromSeconds(codes.Interval) * (1 + (2 * pace.Draw($"{What} polls"))); // no faster than it may
        for (; ; await Task.Delay(interval))
        {
            var acknowledgedAt = decision.IsCompleted ? await decision : null;
            switch (await _device.PollAsync(codes))
            {
                case DeviceAnswer.Paired { AccessToken: var token, DeviceId: var id } when Approves:
                    (Token, DeviceId) = (token, id);
                    await decision; // whoever got no answer asks again
                    return true;
                case DeviceAnswer.Denied when !Approves:
                    await decision;
                    return true;
                case DeviceAnswer.Unavailable:
                    break;
                case DeviceAnswer.Pending when acknowledgedAt is { } forgotten:
                    Forgotten.Add(forgotten);
                    decision = DecideAsync(codes, TimeSpan.Zero);
                    break;
                case DeviceAnswer.Pending:
                    break;
                case DeviceAnswer.Expired or DeviceAnswer.Refused("invalid_grant"):
                    Forgotten.AddRange(acknowledgedAt is { } unknown ? [unknown] : []);
                    await decision;
                    Restarts++;
                    return false;
                case var answer:
                    throw new InvalidOperationException($"{Identifier}, which {User} {(Approves ? "approves" : "denies")}, was told {answer}.");
            }
        }
    }

    /// <returns>When the decision was acknowledged; null when the code was unknown.</returns>
    private async Task<long?> DecideAsync(DeviceCodes codes, TimeSpan longest)
    {
        await pace.PauseAsync($"{What} decides", longest);
        return await Flow.UntilAnsweredAsync(() => Approves ? hosts.ApproveAsync(User, codes) : hosts.DenyAsync(User, codes)) switch
        {
            ApproverAnswer.Approved or ApproverAnswer.AlreadyDecided("Code already approved") when Approves => Stopwatch.GetTimestamp(),
            ApproverAnswer.Denied or ApproverAnswer.AlreadyDecided("Code already denied") when !Approves => Stopwatch.GetTimestamp(),
            ApproverAnswer.Unknown => null,
            var answer => throw new InvalidOperationException($"{User}, who {(Approves ? "approves" : "denies")} {Identifier}, was told {answer}."),
        };
    }
}

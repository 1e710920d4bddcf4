using BenchmarkDotNet.Attributes;

namespace DeviceAuthorization.Benchmarks;

/// <summary>The state machine: each rule takes a pairing and returns the next.</summary>
[MemoryDiagnoser]
public class StateMachine
{
    private static readonly DateTimeOffset Now = Records.Start.AddMinutes(1);
    private readonly Pairing _pending = Records.NewPairing();
    private readonly Pairing _approved = Records.NewPairing().Approve("alice", Records.Grant, Now).Next;

    [Benchmark(Description = "a poll is accepted")]
    public object Poll() => _pending.Poll("tv", null, Now).Next;

    [Benchmark(Description = "a poll is too early")]
    public object PollTooEarly() => _pending.Poll("tv", null, Records.Start.AddSeconds(-2)).Next;

    [Benchmark(Description = "a code is entered")]
    public object Claim() => _pending.Claim("alice", Now).Next;

    [Benchmark(Description = "an approval")]
    public object Approve() => _pending.Approve("alice", Records.Grant, Now).Next;

    [Benchmark(Description = "a redemption")]
    public object Redeem() => _approved.Poll("tv", null, Now).Next;
}

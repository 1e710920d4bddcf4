using BenchmarkDotNet.Attributes;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Benchmarks;

/// <summary>The steps of the pairing store in memory, with so many pairings that are waiting.</summary>
[MemoryDiagnoser]
public class PairingSteps : IDisposable
{
    private readonly FakeTimeProvider _clock = new(Records.Start);
    private Pairing[] _pairings = [];
    private InMemoryPairingStore? _store;
    private TimeSpan _gap;
    private int _next;
    private int _round;

    [Params(1_000, 100_000)]
    public int Waiting { get; set; }

    [GlobalSetup(Target = nameof(Add))]
    public async Task SetUpAdditionsAsync()
    {
        SetUp(4 * Waiting); // one is added again long after its retention
        _gap = TimeSpan.FromMinutes(10) / Waiting;
        for (var i = 0; i < 3 * Waiting; i++)
        {
            await Add(); // in the end one expires and one is removed each time
        }
    }

    [GlobalSetup(Targets = [nameof(AcceptPoll), nameof(PollTooEarly), nameof(Replace), nameof(FindByUserCode)])]
    public async Task SetUpWaitingAsync()
    {
        SetUp(Waiting);
        foreach (var pairing in _pairings)
        {
            await _store!.TryAddAsync(pairing, default);
        }
    }

    [GlobalCleanup]
    public void Dispose()
    {
        _store?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Description = "add, while one expires and one is removed")]
    public ValueTask<PairingAddition> Add()
    {
        _clock.AdjustTime(_clock.GetUtcNow() + _gap);
        return _store!.TryAddAsync(Next() with { ExpiresAt = _clock.GetUtcNow().AddMinutes(10) }, default);
    }

    [Benchmark(Description = "accept a poll")]
    public ValueTask<PollAttempt> AcceptPoll() => _store!.TryAcceptPollAsync(Next().DeviceCodeHash, "tv", Records.Start.AddSeconds(5 * _round), default);

    [Benchmark(Description = "refuse a poll that is too early")]
    public ValueTask<PollAttempt> PollTooEarly() => _store!.TryAcceptPollAsync(Next().DeviceCodeHash, "tv", Records.Start.AddSeconds(-10), default);

    [Benchmark(Description = "replace")]
    public ValueTask<bool> Replace()
    {
        var pairing = Next();
        _pairings[_next] = pairing with { Version = pairing.Version + 1 };
        return _store!.TryReplaceAsync(pairing, Records.Start, default);
    }

    [Benchmark(Description = "find by user code")]
    public ValueTask<Pairing?> FindByUserCode() => _store!.FindByUserCodeAsync(Next().UserCodeHash, default);

    private void SetUp(int known)
    {
        _store = new(Options.Create(new DeviceAuthorizationOptions { MaxLivePairings = 4 * Waiting }), _clock);
        _pairings = [.. Enumerable.Range(0, known).Select(_ => Records.NewPairing() with { ExpiresAt = Records.Start.AddYears(1) })];
    }

    private Pairing Next()
    {
        if (++_next >= _pairings.Length)
        {
            (_next, _round) = (0, _round + 1);
        }

        return _pairings[_next];
    }
}

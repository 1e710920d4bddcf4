using BenchmarkDotNet.Attributes;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Benchmarks;

/// <summary>The steps of the device repository in memory, with so many tokens on record, each of another user.</summary>
/// <remarks>The known devices are used in turn, and not in the order in which they lie in memory: no cache of the processor has a million of them.</remarks>
[MemoryDiagnoser]
public class TokenSteps
{
    private static readonly Dictionary<int, TokenSteps> Filled = []; // it takes a while to fill one

    private readonly InMemoryDeviceRepository _repository = new();
    private AccessToken[] _tokens = [];
    private TokenSteps _at = null!;
    private int _count;

    [Params(1_000, 1_000_000)]
    public int Tokens { get; set; }

    [GlobalSetup]
    public async Task SetUpAsync()
    {
        if (!Filled.TryGetValue(Tokens, out var filled))
        {
            Filled[Tokens] = filled = this;
            _tokens = new AccessToken[Tokens];
            for (var i = 0; i < Tokens; i++)
            {
                var device = NewDevice();
                await _repository.AddOrFindAsync(device, 100, default);
                _tokens[i] = NewToken(device.UserId, device.Id);
                await IssueAsync(_tokens[i]);
            }
        }

        _at = filled;
    }

    [Benchmark(Description = "register a device, issue its token, delete it")]
    public async Task<EndedAccess> PairNewDevice()
    {
        var device = _at.NewDevice();
        await _at._repository.AddOrFindAsync(device, 100, default);
        await _at.IssueAsync(_at.NewToken(device.UserId, device.Id));
        return await _at._repository.DeleteAsync(device.UserId, device.Id, _at.Now, default);
    }

    [Benchmark(Description = "issue a token to a known device, revoke the earlier")]
    public ValueTask<TokenIssue> IssueToken()
    {
        ref var token = ref _at.Next();
        token = _at.NewToken(token.UserId, token.DeviceId!);
        return _at.IssueAsync(token);
    }

    [Benchmark(Description = "find a token with its device")]
    public ValueTask<TokenWithDevice?> FindToken() => _at._repository.FindTokenAsync(_at.Next().Hash, default);

    [Benchmark(Description = "list a user's tokens")]
    public ValueTask<IReadOnlyList<AccessToken>> ListTokens() => _at._repository.ListTokensAsync(_at.Next().UserId, default);

    /// <summary>Four seconds for each step: as many revoked tokens are forgotten as are revoked.</summary>
    private DateTimeOffset Now => Records.Start.AddSeconds(4L * _count);

    private ref AccessToken Next() => ref _tokens[(int)(++_count * 7_919L % _tokens.Length)];

    private ValueTask<TokenIssue> IssueAsync(AccessToken token) => _repository.TryIssueTokenAsync(token, new TokenIssueConditions(Now, 25, ReplacesEarlier: true), default);

    private Device NewDevice() => new() { Id = $"device-{++_count}", UserId = $"user-{_count}", Name = "TV", CreatedAt = Records.Start, UpdatedAt = Records.Start };

    private AccessToken NewToken(string userId, string deviceId)
    {
        var (id, pairing) = (NewId(0), NewId(1)); // random ids would cost more than the step
        return new() { Id = id, PairingId = pairing, ClientId = "tv", Hash = $"{_count:x64}", DeviceId = deviceId, UserId = userId, Name = "TV", Scopes = Records.Grant.Scopes, CreatedAt = Records.Start };

        Guid NewId(byte kind) => new(_count, 0, 0, kind, 0, 0, 0, 0, 0, 0, 0);
    }
}

using BenchmarkDotNet.Attributes;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Codes and tokens: made, read as a person or a device sends them, hashed.</summary>
[MemoryDiagnoser]
public class CodesAndTokens
{
    private const string Prefix = "da_";
    private static readonly byte[] Key = new byte[32];
    private readonly UserCodeFormat _format = UserCodeFormat.Standard;
    private readonly UserCode _userCode = UserCodeFormat.Standard.New();
    private readonly DeviceCode _deviceCode = DeviceCode.New();
    private readonly string _typed;
    private readonly string _sent;
    private readonly DeviceToken _token;

    public CodesAndTokens()
    {
        _typed = _userCode.RevealGrouped().ToLowerInvariant();
        _token = DeviceToken.Derive(_deviceCode, Records.Grant.TokenSalt, Prefix);
        _sent = _token.Reveal();
    }

    [Benchmark(Description = "make a user code")]
    public object NewUserCode() => _format.New();

    [Benchmark(Description = "read a typed user code")]
    public bool ReadUserCode() => _format.TryParse(_typed, out _);

    [Benchmark(Description = "hash a user code under a key")]
    public string HashUserCode() => _userCode.Hash(Key);

    [Benchmark(Description = "make a device code")]
    public object NewDeviceCode() => DeviceCode.New();

    [Benchmark(Description = "hash a device code")]
    public string HashDeviceCode() => _deviceCode.Hash();

    [Benchmark(Description = "derive a token")]
    public object DeriveToken() => DeviceToken.Derive(_deviceCode, Records.Grant.TokenSalt, Prefix);

    [Benchmark(Description = "check a token as sent")]
    public bool CheckToken() => DeviceToken.TryParse(_sent, Prefix, out _);

    [Benchmark(Description = "hash a token")]
    public string HashToken() => _token.Hash();
}

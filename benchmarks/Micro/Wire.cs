using System.Buffers;
using System.Text;
using System.Text.Json;
using BenchmarkDotNet.Attributes;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Flow;

namespace DeviceAuthorization.Benchmarks;

/// <summary>What a device sends is parsed, and what it gets is written. Settings are masked.</summary>
[MemoryDiagnoser]
public class Wire : IDisposable
{
    private static readonly byte[] Poll =
        Encoding.ASCII.GetBytes($"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id=tv&device_code={DeviceCode.New().Reveal()}");

    private const string Settings = """{"host":"nas","port":22,"user":"anna","password":"hunter2","folders":["saves","states"]}""";

    private static readonly PairingProblem Pending = new(Error: PairingError.AuthorizationPending);
    private static readonly OAuthPaired Paired = new(DeviceToken.New("da_").Reveal(), "Bearer", 7_776_000, "library.read", "0b6c3a52-4f0e-4d7e-9d0a-6f1f2f3e4d5c");
    private readonly ArrayBufferWriter<byte> _answer = new(1024);
    private readonly Utf8JsonWriter _writer;

    public Wire() => _writer = new(_answer);

    [GlobalCleanup]
    public void Dispose()
    {
        _writer.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Description = "parse the form of a poll")]
    public bool ReadForm() => StrictForm.TryParse(Poll, FormDialect.Known, out _, out _);

    [Benchmark(Description = "write the answer to a pending poll")]
    public int WritePending()
    {
        Reset();
        JsonSerializer.Serialize(_writer, Pending, OAuthJson.Default.PairingProblem);
        return _answer.WrittenCount;
    }

    [Benchmark(Description = "write the answer with a token")]
    public int WritePaired()
    {
        Reset();
        JsonSerializer.Serialize(_writer, Paired, OAuthJson.Default.OAuthPaired);
        return _answer.WrittenCount;
    }

    [Benchmark(Description = "read and mask settings")]
    public string MaskSettings() => SecretDocument.TryParse(Settings, SecretKeys.Default, out var document, out var problem) ? document.ToMaskedJson() : problem;

    private void Reset()
    {
        _answer.ResetWrittenCount();
        _writer.Reset();
    }
}

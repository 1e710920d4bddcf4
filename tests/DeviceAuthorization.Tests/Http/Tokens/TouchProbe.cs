using System.Reflection;
using System.Threading.Channels;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>The in-memory registry. It reports each recorded use of a token, and can fail to record one.</summary>
public class TouchProbe : DispatchProxy
{
    private readonly InMemoryDeviceRepository _inner = new();
    private readonly Channel<DateTimeOffset> _touches = Channel.CreateUnbounded<DateTimeOffset>();

    public bool Fails { get; set; }

    public static (IDeviceRepository Repository, TouchProbe Probe) Create()
    {
        var repository = Create<IDeviceRepository, TouchProbe>();
        return (repository, (TouchProbe)repository);
    }

    /// <summary>When the next recorded use was; waits for it, for uses are recorded after the answer.</summary>
    public async Task<DateTimeOffset> NextAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        return await _touches.Reader.ReadAsync(patience.Token);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (targetMethod!.Name != nameof(IDeviceRepository.TouchAsync))
        {
            return targetMethod.Invoke(_inner, args);
        }

        try
        {
            return Fails ? throw new IOException("The database is down.") : targetMethod.Invoke(_inner, args);
        }
        finally
        {
            _touches.Writer.TryWrite((DateTimeOffset)args![1]!);
        }
    }
}

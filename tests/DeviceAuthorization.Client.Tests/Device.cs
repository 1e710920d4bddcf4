using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Client.Tests;

/// <summary>
/// A device against a scripted server, with a clock that stands still until <see cref="Advance"/>. No test waits in real time: without a synchronization
/// context, everything that a tick of the clock starts has happened when <see cref="Advance"/> returns.
/// </summary>
internal sealed class Device : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;

    public Device(Action<PairingClientOptions>? configure = null)
    {
        Server = new(Clock);
        _http = new(Server);
        Options = new()
        {
            DeviceAuthorizationEndpoint = new("https://example.org/start"),
            TokenEndpoint = new("https://example.org/token"),
            RevocationEndpoint = new("https://example.org/revoke"),
            ClientId = "tv",
            MaxWait = TimeSpan.Zero,
        };
        configure?.Invoke(Options);
    }

    public DeviceClock Clock { get; } = new();

    public ScriptedServer Server { get; }

    public PairingClientOptions Options { get; }

    public PairingClient Client => new(_http, Options, Clock);

    public DevicePairing Pairing { get; private set; } = null!;

    /// <summary>What the pairing has reported so far.</summary>
    public List<PairingProgress> Steps { get; } = [];

    /// <summary>The whole wait.</summary>
    public Task Watching { get; private set; } = Task.CompletedTask;

    /// <summary>Starts a pairing and watches it.</summary>
    public Device Start()
    {
        Pairing = Done(Client.StartAsync());
        return Watch();
    }

    /// <summary>Reads a saved pairing, as another process would, and watches it.</summary>
    public Device Resume(string saved)
    {
        Pairing = Client.Resume(saved);
        return Watch();
    }

    public Device Watch()
    {
        Watching = WatchAsync(_stop.Token);
        return this;
    }

    public Device Advance(double seconds)
    {
        SynchronizationContext.SetSynchronizationContext(null); // xunit sets one for each test
        for (var i = 0; i < seconds * 4; i++)
        {
            Clock.Advance(TimeSpan.FromSeconds(0.25)); // in steps: all timers of one step see the end of it
        }

        return this;
    }

    public void Cancel()
    {
        SynchronizationContext.SetSynchronizationContext(null);
        _stop.Cancel();
    }

    /// <summary>What a call gave that needed no time.</summary>
    public static T Done<T>(Task<T> task)
    {
        Assert.True(task.IsCompleted, "It is still waiting.");
        return task.GetAwaiter().GetResult();
    }

    public void Dispose()
    {
        _stop.Cancel();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        await foreach (var step in Pairing.WatchAsync(cancellationToken).ConfigureAwait(false))
        {
            Steps.Add(step);
        }
    }
}

/// <summary>A clock whose wall time can be set, as people and time servers do.</summary>
internal sealed class DeviceClock() : FakeTimeProvider(TestHost.Epoch)
{
    public TimeSpan WallClockOffset { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallClockOffset;

    public override long GetTimestamp() => base.GetUtcNow().Ticks; // the frequency is that of ticks
}

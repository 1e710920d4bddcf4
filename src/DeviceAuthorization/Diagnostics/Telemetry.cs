using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace DeviceAuthorization.Diagnostics;

/// <summary>
/// The metrics and spans of this library, by OpenTelemetry's conventions; docs/operations.md lists them. No tag names a user, a device, a client or an
/// address: each has a small, fixed set of values. Where nobody listens, a measurement costs one comparison.
/// </summary>
internal sealed class Telemetry
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "DeviceAuthorization";

    // Static, as activity sources are: a listener picks them by name.
    private static readonly ActivitySource Spans = new(Name);

    // From a fast redemption to the longest lifetime of a pairing.
    private static readonly double[] FlowSeconds = [1, 2, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600, 900, 1800];

    // As the semantic conventions advise for the calls of a database client.
    private static readonly double[] CallSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

    private const string PairingId = "device_authorization.pairing.id";

    private readonly Meter _meter;
    private readonly Counter<long> _events;
    private readonly Histogram<double> _time;
    private readonly Counter<long> _polls;
    private readonly Counter<long> _refused;
    private readonly Histogram<double> _calls;

    public Telemetry(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _events = _meter.CreateCounter<long>("device_authorization.events", "{event}", "What happened, as the host's IPairingEvents are told.");
        _time = _meter.CreateHistogram(
            "device_authorization.pairing.duration", "s", "Time from the start of a pairing to a later event.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = FlowSeconds });
        _polls = _meter.CreateCounter<long>("device_authorization.polls", "{poll}", "Polls of devices, by their outcome.");
        _refused = _meter.CreateCounter<long>("device_authorization.limit.refusals", "{request}", "Requests over a limit.");
        _calls = _meter.CreateHistogram(
            "device_authorization.store.call.duration", "s", "Calls to a store that is not in memory.",
            advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = CallSeconds });
    }

    private static Activity? CurrentStep => Activity.Current is { } span && span.Source == Spans ? span : null;

    /// <summary>Starts the span of a step of the flow; null if nobody listens.</summary>
    public static Activity? Step(string name) => Spans.StartActivity(name);

    /// <summary>The span of the current step, for a trace that comes later; null if no trace records it.</summary>
    public static string? TraceParent => CurrentStep is { Recorded: true, IdFormat: ActivityIdFormat.W3C } span ? span.Id : null;

    /// <summary>
    /// Says in the span of the current step which pairing it is about, and links it to the span of the start. The id is in the log, too, and is no secret.
    /// </summary>
    public static void Tag(Guid pairingId, string? traceParent)
    {
        if (CurrentStep is not { } span || span.GetTagItem(PairingId) is not null) // a step that tries again has said it
        {
            return;
        }

        span.SetTag(PairingId, pairingId.ToString());
        if (traceParent != span.Id && ActivityContext.TryParse(traceParent, traceState: null, isRemote: true, out var start))
        {
            span.AddLink(new ActivityLink(start));
        }
    }

    /// <summary>Lets a store that knows it say how many pairings are live.</summary>
    public void ObserveLive(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("device_authorization.pairings.live", count, "{pairing}", "Pairings that are neither redeemed, denied nor expired.");

    /// <summary>Lets the registry of held polls say how many there are.</summary>
    public void ObserveHeld(Func<int> count) =>
        _meter.CreateObservableUpDownCounter("device_authorization.polls.held", count, "{poll}", "Polls whose answer waits for a decision.");

    /// <summary>Counts an event.</summary>
    /// <param name="since">When its pairing started, if the time until then is of interest.</param>
    public void Happened(string name, TimeSpan? since)
    {
        var tag = new KeyValuePair<string, object?>("device_authorization.event", name);
        _events.Add(1, tag);
        CurrentStep?.AddEvent(new ActivityEvent(name));
        if (since is { } time)
        {
            _time.Record(time.TotalSeconds, tag);
        }
    }

    public void Polled(string outcome) => _polls.Add(1, new KeyValuePair<string, object?>("device_authorization.poll.outcome", outcome));

    public void Refused(string limit) => _refused.Add(1, new KeyValuePair<string, object?>("device_authorization.limit", limit));

    /// <param name="error">The type of the failure; null if the call succeeded.</param>
    public void Called(string store, string call, TimeSpan time, Type? error)
    {
        if (!_calls.Enabled)
        {
            return;
        }

        var tags = new TagList { { "device_authorization.store", store }, { "device_authorization.store.call", call } };
        if (error is not null)
        {
            tags.Add("error.type", error.FullName);
        }

        _calls.Record(time.TotalSeconds, tags);
    }
}

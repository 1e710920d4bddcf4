using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.RegularExpressions;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>What an operator sees of a story: each metric of docs/operations.md. Not beside tests that listen to every span of this process.</summary>
[Collection(nameof(InMemoryPairingStoreTests))]
public sealed class TelemetryTests
{
    private const string Event = "device_authorization.event";

    private readonly TestPolicy _policy = new() { Stamp = "secret stamp" };

    [Fact]
    public async Task The_whole_story_moves_every_metric()
    {
        var store = InMemory();
        await using var host = await StartAsync(
            options => (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute) = (true, 4), services => services.AddSingleton<IPairingStore>(store));
        using var events = Collect<long>(host, "device_authorization.events");
        using var times = Collect<double>(host, "device_authorization.pairing.duration");
        using var polls = Collect<long>(host, "device_authorization.polls");
        using var refusals = Collect<long>(host, "device_authorization.limit.refusals");
        using var calls = Collect<double>(host, "device_authorization.store.call.duration");

        var alice = await host.SignInAsync("alice");
        StartedCodes paired = await host.Device().StartAsync(), denied = await host.Device().StartAsync(), late = await host.Device().StartAsync(), lost = await host.Device().StartAsync();
        using var refused = await host.Device().PostFormAsync("init", ("client_id", "tv")); // the limit
        await PollAsync(host, paired, "a");
        await PollAsync(host, paired, "a"); // slow_down
        (await alice.ApproveAsync(paired.UserCode)).EnsureSuccessStatusCode();
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        store.FailBefore(nameof(IPairingStore.TryAcceptPollAsync)); // the store is down, and back
        await PollAsync(host, paired, "a");
        host.Clock.Advance(TimeSpan.FromSeconds(30));
        await PollAsync(host, paired, "a"); // redeems
        await PollAsync(host, denied);
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await PollAsync(host, paired, "b"); // a replay
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await PollAsync(host, late);
        await PollAsync(host, lost with { DeviceCode = "x" });

        Assert.Equal("approved 1, denied 1, expired 1, limit_reached 1, redeemed 1, replayed 1, revoked 1, started 4, token_ended 1", Sums(events, Event));
        Assert.Equal("approved 0, denied 0, redeemed 30", Sums(times, Event));
        Assert.Equal("access_denied 1, authorization_pending 1, expired_token 1, invalid_grant 1, paired 1, slow_down 1, unknown_code 1", Sums(polls, "device_authorization.poll.outcome"));
        Assert.Equal("start 1", Sums(refusals, "device_authorization.limit"));
        Assert.Equal(
            "accept_poll 6, accept_poll System.IO.IOException 1, accepts_sign_in 2, add 4, assess 1, find_by_user_code 2, may_start 4, replace 4, scopes 2, slow_down 1, stamp 1",
            string.Join(", ", calls.GetMeasurementSnapshot()
                .GroupBy(call => $"{call.Tags["device_authorization.store.call"]} {call.Tags.GetValueOrDefault("error.type")}".TrimEnd(), StringComparer.Ordinal)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => $"{group.Key} {group.Count()}")));
    }

    [Fact]
    public async Task The_document_lists_every_metric_with_its_unit_and_every_event()
    {
        var instruments = new List<Instrument>();
        await using var host = await StartAsync();
        using var listener = new MeterListener { InstrumentPublished = (instrument, _) => instruments.Add(instrument) };
        var factory = host.Services.GetRequiredService<IMeterFactory>();
        await host.PairAsync();
        listener.Start();
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs/operations.md"));
        Assert.Equal(
            instruments.Where(instrument => instrument.Meter == factory.Create("DeviceAuthorization")).Select(instrument => $"{instrument.Name} {instrument.Unit}").Order(StringComparer.Ordinal),
            Regex.Matches(text, @"^\| `(?<name>device_authorization\.[a-z.]+)` \| `(?<unit>[^`]+)` \|", RegexOptions.Multiline).Select(row => $"{row.Groups["name"]} {row.Groups["unit"]}").Order(StringComparer.Ordinal));
        var listed = Regex.Match(text, @"^\| `device_authorization\.events` .*$", RegexOptions.Multiline).Value.Split('|')[3];
        Assert.Equal(
            typeof(PairingEvent).GetNestedTypes().Select(type => Regex.Replace(type.Name, "(?<!^)[A-Z]", "_$0").ToLowerInvariant()).Order(StringComparer.Ordinal),
            Regex.Matches(listed, "(?<=`)[a-z_]+(?=`)").Select(match => match.Value).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_event_counts_once_and_the_time_since_the_start_is_measured()
    {
        await using var host = await StartAsync();
        using var events = Collect<long>(host, "device_authorization.events");
        using var times = Collect<double>(host, "device_authorization.pairing.duration");

        var alice = await host.SignInAsync("alice");
        var (paired, denied, late) = (await host.Device().StartAsync(), await host.Device().StartAsync(), await host.Device().StartAsync());
        host.Clock.Advance(TimeSpan.FromSeconds(20));
        await alice.ReviewAsync(paired.UserCode);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        (await alice.ApproveAsync(paired.UserCode)).EnsureSuccessStatusCode();
        (await alice.DenyAsync(denied.UserCode)).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromSeconds(3));
        await PollAsync(host, paired, key: "a");
        await PollAsync(host, paired, key: "a"); // the answer was lost
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await PollAsync(host, paired, key: "b"); // somebody else has the device code
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        await PollAsync(host, late);
        await PollAsync(host, late);
        (await alice.ApproveAsync(late.UserCode)).Dispose();

        Assert.Equal(
            "approved 1, claimed 1, code_refused 1, denied 1, expired 1, redeemed 1, redelivered 1, replayed 1, revoked 1, started 3, token_ended 1", Sums(events, Event));
        Assert.Equal("approved 25, claimed 20, denied 25, redeemed 28", Sums(times, Event));
    }

    [Fact]
    public async Task Polls_count_by_what_they_were_answered()
    {
        await using var host = await StartAsync();
        using var polls = Collect<long>(host, "device_authorization.polls");
        var codes = await host.Device().StartAsync();
        await PollAsync(host, codes);
        await PollAsync(host, codes); // too early
        await PollAsync(host, codes with { DeviceCode = "x" });
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await PollAsync(host, codes);
        await PollAsync(host, codes);
        Assert.Equal("authorization_pending 1, invalid_grant 1, paired 1, slow_down 1, unknown_code 1", Sums(polls, "device_authorization.poll.outcome"));
    }

    [Fact]
    public async Task Each_request_over_a_limit_counts_although_the_event_is_reported_once()
    {
        await using var host = await StartAsync(options => (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute) = (true, 1));
        using var refused = Collect<long>(host, "device_authorization.limit.refusals");
        using var events = Collect<long>(host, "device_authorization.events");
        for (var i = 0; i < 4; i++)
        {
            using var start = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        }

        Assert.Equal(("start 3", "limit_reached 1, started 1"), (Sums(refused, "device_authorization.limit"), Sums(events, Event)));
    }

    [Fact]
    public async Task Calls_to_a_store_are_measured_with_their_failures()
    {
        var store = InMemory();
        await using var host = await StartAsync(services: services => services.AddSingleton<IPairingStore>(store));
        using var calls = Collect<double>(host, "device_authorization.store.call.duration");
        var codes = await host.Device().StartAsync();
        store.FailBefore(nameof(IPairingStore.TryAcceptPollAsync));
        await PollAsync(host, codes);
        await PollAsync(host, codes);
        Assert.Equal(
            "accounts may_start, pairings add, pairings accept_poll System.IO.IOException, pairings accept_poll",
            string.Join(", ", calls.GetMeasurementSnapshot().Select(call => string.Join(
                ' ',
                ((string[])["device_authorization.store", "device_authorization.store.call", "error.type"]).Where(call.Tags.ContainsKey).Select(tag => call.Tags[tag])))));
    }

    [Fact]
    public async Task No_tag_names_a_user_a_device_a_client_or_an_address()
    {
        var names = new List<string>();
        using var listener = new MeterListener();
        var host = await StartAsync(services: services => services.AddSingleton<IPairingStore>(InMemory()));
        listener.InstrumentPublished = (instrument, own) =>
        {
            if (instrument.Meter.Name == "DeviceAuthorization")
            {
                own.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((_, _, tags, _) => Note(tags));
        listener.SetMeasurementEventCallback<double>((_, _, tags, _) => Note(tags));
        listener.Start();
        await host.PairAsync();
        await host.DisposeAsync();
        Assert.Contains("redeemed", names, StringComparer.Ordinal);
        Assert.All(names, name => Assert.Matches("^[a-z_]+$", name)); // words of ours: "alice", "tv" and ids do not occur
        Assert.Empty(names.Intersect(["alice", "tv"], StringComparer.Ordinal));

        void Note(ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            lock (names)
            {
                foreach (var tag in tags)
                {
                    names.Add($"{tag.Value}");
                }
            }
        }
    }

    [Fact]
    public async Task Each_step_of_the_flow_is_a_span_with_the_id_of_its_pairing()
    {
        var spans = new ConcurrentQueue<Activity>();
        await using var host = await StartAsync();
        using var listener = Listen(spans, ActivitySamplingResult.AllDataAndRecorded);
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        await alice.ReviewAsync(codes.UserCode);
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await PollAsync(host, codes);
        var id = (await host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", default)).Single().PairingId.ToString();
        var own = spans.Where(span => Equals(span.GetTagItem("device_authorization.pairing.id"), id)).ToArray();
        Assert.Equal(
            "start: started | enter: claimed | review:  | approve: approved | poll: redeemed",
            string.Join(" | ", own.Select(span => $"{span.OperationName["device_authorization.".Length..]}: {string.Join(' ', span.Events.Select(happened => happened.Name))}")));
        Assert.All(own, span => Assert.Equal("device_authorization.pairing.id", Assert.Single(span.TagObjects).Key)); // no user, no code, no address
    }

    [Fact]
    public async Task Each_later_step_links_to_the_trace_in_which_the_device_started()
    {
        var spans = new ConcurrentQueue<Activity>();
        var events = new RecordedEvents();
        await using var host = await StartAsync(services: services => services.AddSingleton<IPairingEvents>(events));
        using var listener = Listen(spans, ActivitySamplingResult.AllDataAndRecorded);
        var (codes, alice) = (await host.Device().StartAsync(), await host.SignInAsync("alice"));
        await alice.ReviewAsync(codes.UserCode);
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await PollAsync(host, codes);
        var redeemed = Assert.Single(events.All.OfType<PairingEvent.Redeemed>()).Pairing;
        var own = spans.Where(span => Equals(span.GetTagItem("device_authorization.pairing.id"), $"{redeemed.Id}")).ToArray();
        var start = Assert.Single(own, span => span.OperationName == "device_authorization.start");
        Assert.Equal((start.Id, 55), (redeemed.TraceParent, redeemed.TraceParent!.Length));
        Assert.Empty(start.Links);
        Assert.Equal(4, own.Length - 1); // enter, review, approve, poll
        Assert.All(own.Except([start]), span =>
        {
            Assert.NotEqual(start.TraceId, span.TraceId);
            Assert.Equal((start.TraceId, start.SpanId), (Assert.Single(span.Links).Context.TraceId, span.Links.Single().Context.SpanId));
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData(ActivitySamplingResult.PropagationData)] // the sampler left this trace out
    public async Task A_start_that_no_trace_records_leaves_nothing_in_the_pairing(ActivitySamplingResult? sampling)
    {
        var events = new RecordedEvents();
        await using var host = await StartAsync(services: services => services.AddSingleton<IPairingEvents>(events));
        using var listener = sampling is { } result ? Listen([], result) : null;
        await host.Device().StartAsync();
        Assert.Null(Assert.IsType<PairingEvent.Started>(Assert.Single(events.All)).Pairing.TraceParent);
    }

    [Fact]
    public async Task Live_pairings_in_memory_are_a_number_and_a_full_store_refuses()
    {
        await using var host = await StartAsync(options => options.MaxLivePairings = 3);
        using var live = Collect<int>(host, "device_authorization.pairings.live");
        using var refused = Collect<long>(host, "device_authorization.limit.refusals");
        StartedCodes[] started = [await host.Device().StartAsync(), await host.Device().StartAsync(), await host.Device().StartAsync()];
        Assert.Equal(3, Live());
        using var full = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        (await (await host.SignInAsync("alice")).DenyAsync(started[0].UserCode)).EnsureSuccessStatusCode();
        Assert.Equal(2, Live());
        host.Clock.Advance(TimeSpan.FromMinutes(11)); // all expire
        Assert.Equal((0, "store 1"), (Live(), Sums(refused, "device_authorization.limit")));

        int Live()
        {
            live.RecordObservableInstruments();
            return live.LastMeasurement!.Value;
        }
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> spans, ActivitySamplingResult sampling)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "DeviceAuthorization",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => sampling,
            ActivityStopped = spans.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private Task<TestHost> StartAsync(Action<DeviceAuthorizationOptions>? configure = null, Action<IServiceCollection>? services = null) => TestHost.StartAsync(
        configure,
        added =>
        {
            added.AddSingleton<IPairingPolicy>(_policy);
            services?.Invoke(added);
        },
        app => app.MapDevicesPage());

    private static InterceptedPairingStore InMemory() => new(new InMemoryPairingStore(
        Microsoft.Extensions.Options.Options.Create(new DeviceAuthorizationOptions()), new Microsoft.Extensions.Time.Testing.FakeTimeProvider(TestHost.Epoch)));

    private static MetricCollector<T> Collect<T>(TestHost host, string instrument)
        where T : struct => new(host.Services.GetRequiredService<IMeterFactory>(), "DeviceAuthorization", instrument);

    private static async Task PollAsync(TestHost host, StartedCodes codes, string? key = null) => (await host.PollAsync(codes.DeviceCode, key)).Dispose();

    private static string Sums<T>(MetricCollector<T> collector, string tag)
        where T : struct => string.Join(", ", collector.GetMeasurementSnapshot()
            .GroupBy(measurement => (string)measurement.Tags[tag]!, StringComparer.Ordinal)
            .OrderBy(group => group.Key, StringComparer.Ordinal)
            .Select(group => $"{group.Key} {group.Sum(measurement => Convert.ToDouble(measurement.Value, System.Globalization.CultureInfo.InvariantCulture))}"));
}

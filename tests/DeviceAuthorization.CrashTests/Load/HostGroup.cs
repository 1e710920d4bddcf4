using System.Diagnostics;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>Hosts over the same stores behind one address: each request goes to the next of them, dead or alive.</summary>
internal sealed class HostGroup : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly string[] _settings;
    private readonly HostProcess[] _hosts;
    private readonly NextHost _next;
    private readonly List<string> _leaks = [];

    private HostGroup(Stores stores, string[] settings, HostProcess[] hosts)
    {
        (_stores, _settings, _hosts, _next) = (stores, settings, hosts, new NextHost(hosts, Traffic));
        Client = NewClient();
    }

    public HttpClient Client { get; }

    public Traffic Traffic { get; } = new();

    public IReadOnlyList<HostProcess> Hosts => _hosts;

    /// <summary>Log lines of any of its hosts, also of dead ones, that have the shape of a code or a token.</summary>
    public IEnumerable<string> Leaks => _leaks.Concat(_hosts.SelectMany(host => host.Leaks));

    public static async Task<HostGroup> StartAsync(Stores stores, int count, params string[] settings) =>
        new(stores, settings, await Task.WhenAll(Enumerable.Range(0, count).Select(_ => stores.StartHostAsync(settings))));

    /// <summary>A client as the proxy in front of the hosts reports it: at an address, by HTTPS.</summary>
    public HttpClient ClientAt(string address)
    {
        var client = NewClient();
        client.DefaultRequestHeaders.Add("X-Forwarded-For", address);
        client.DefaultRequestHeaders.Add("X-Forwarded-Proto", "https");
        return client;
    }

    /// <summary><c>kill -9</c> of one host, and a new one in its place.</summary>
    public Task KillAndRestartAsync(int index) => ReplaceAsync(index, host => host.KillAsync());

    /// <summary><c>kill -TERM</c> of one host, and a new one in its place.</summary>
    public Task StopAndRestartAsync(int index) => ReplaceAsync(index, host => host.StopAsync());

    public async ValueTask DisposeAsync()
    {
        _next.Dispose();
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }
    }

    public override string ToString() => string.Join("\n---\n", _hosts.AsEnumerable());

    private HttpClient NewClient() => new(_next, disposeHandler: false) { BaseAddress = new Uri("http://hosts"), Timeout = HostProcess.Patience };

    /// <summary>
    /// A proxy passes requests on to a new host when it is ready. One that is new compiles its code at its first requests, and thousands at once on a busy
    /// machine would wait for that longer than a store may take.
    /// </summary>
    private static Task<DeviceAnswer.Paired> WarmUpAsync(HttpClient host) => Flow.UntilAnsweredAsync(async () =>
    {
        var device = host.Device("probe", idempotencyKey: "probe");
        var codes = await device.StartAsync();
        await Flow.UntilAnsweredAsync(() => host.ApproveAsync("probe", codes));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await Flow.UntilAnsweredAsync(() => device.PollAsync(codes)));
        await host.UseAsync(paired.AccessToken);
        await host.RemoveAsync("probe", paired.DeviceId);
        return paired;
    });

    private async Task ReplaceAsync(int index, Func<HostProcess, Task> end)
    {
        var dead = _hosts[index];
        await end(dead);
        var host = await _stores.StartHostAsync(_settings);
        await WarmUpAsync(host.Client);
        _hosts[index] = host;
        _leaks.AddRange(dead.Leaks);
        await dead.DisposeAsync();
    }

    private sealed class NextHost(HostProcess[] hosts, Traffic traffic) : DelegatingHandler(new SocketsHttpHandler())
    {
        private uint _next;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var (host, sentAt) = (hosts[Interlocked.Increment(ref _next) % hosts.Length], Stopwatch.GetTimestamp());
            request.RequestUri = new Uri(host.Address, request.RequestUri!.PathAndQuery);
            try
            {
                var answer = await base.SendAsync(request, cancellationToken);
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                traffic.Answered(answer);
                return answer;
            }
            catch (Exception exception)
            {
                traffic.Unanswered(host, request, sentAt, exception);
                throw;
            }
        }
    }
}

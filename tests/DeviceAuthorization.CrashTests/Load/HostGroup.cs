namespace DeviceAuthorization.CrashTests;

/// <summary>Hosts over the same stores behind one address: each request goes to the next of them, dead or alive.</summary>
internal sealed class HostGroup : IAsyncDisposable
{
    private readonly Stores _stores;
    private readonly HostProcess[] _hosts;

    private HostGroup(Stores stores, HostProcess[] hosts)
    {
        (_stores, _hosts) = (stores, hosts);
        Client = new HttpClient(new NextHost(hosts)) { BaseAddress = new Uri("http://hosts"), Timeout = HostProcess.Patience };
    }

    public HttpClient Client { get; }

    public static async Task<HostGroup> StartAsync(Stores stores, int count) =>
        new(stores, await Task.WhenAll(Enumerable.Range(0, count).Select(_ => stores.StartHostAsync())));

    /// <summary><c>kill -9</c> of one host, and a new one in its place.</summary>
    public async Task KillAndRestartAsync(int index)
    {
        var dead = _hosts[index];
        await dead.KillAsync();
        _hosts[index] = await _stores.StartHostAsync();
        await dead.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }
    }

    public override string ToString() => string.Join("\n---\n", _hosts.AsEnumerable());

    private sealed class NextHost(HostProcess[] hosts) : DelegatingHandler(new SocketsHttpHandler())
    {
        private uint _next;

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var host = hosts[Interlocked.Increment(ref _next) % hosts.Length];
            request.RequestUri = new Uri(host.Address, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

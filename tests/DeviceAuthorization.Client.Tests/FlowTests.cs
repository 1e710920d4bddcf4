using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Time.Testing;
using static DeviceAuthorization.Client.PairingProgress;

namespace DeviceAuthorization.Client.Tests;

/// <summary>The client against this repository's server.</summary>
public sealed class FlowTests
{
    [Theory]
    [InlineData(PairingDialect.OAuth)]
    [InlineData(PairingDialect.RomM)]
    public async Task A_device_pairs_and_calls_the_API_with_its_token(PairingDialect dialect)
    {
        await using var host = await HostAsync();
        var pairing = await Client(host, options => options.Dialect = dialect).StartAsync();
        Assert.StartsWith("https://tv.example.com/pair/device", pairing.VerificationUri.AbsoluteUri, StringComparison.Ordinal);
        Assert.Contains("user_code=", pairing.VerificationUriComplete!.Query, StringComparison.Ordinal);
        var steps = new List<PairingProgress>();
        await foreach (var step in pairing.WatchAsync())
        {
            if (steps is [])
            {
                await ApproveAsync(host, pairing);
            }

            steps.Add(step);
        }

        Assert.Equal([typeof(Waiting), typeof(Connected)], steps.Select(step => step.GetType()));
        var token = ((Connected)steps[1]).Token;
        Assert.Equal(("Bearer", "library.read"), (token.TokenType, token.Scope));
        Assert.NotNull(token.DeviceId);
        var api = host.Device(new BearerTokenHandler(new("https://tv.example.com/api/"), token));
        Assert.Contains("Living room TV", await api.GetStringAsync("/api/library"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_denied_device_gives_up()
    {
        await using var host = await HostAsync();
        var pairing = await Client(host).StartAsync();
        (await (await host.SignInAsync("alice")).DenyAsync(pairing.UserCode)).EnsureSuccessStatusCode();

        Assert.Equal("access_denied", (await Assert.ThrowsAsync<PairingException>(() => pairing.WaitAsync())).Error);
    }

    [Fact]
    public async Task A_device_that_nobody_approves_gives_up_when_the_code_expires()
    {
        await using var host = await HostAsync();
        var pairing = await Client(host).StartAsync();

        Assert.Equal("expired_token", (await Assert.ThrowsAsync<PairingException>(() => pairing.WaitAsync())).Error);
        Assert.Equal(TestHost.Epoch.AddMinutes(10), host.Clock.GetUtcNow());
    }

    [Fact]
    public async Task A_device_shows_the_number_that_the_approver_chooses()
    {
        await using var host = await HostAsync(options => options.NumberMatching = NumberMatching.Always);
        var pairing = await Client(host, options => options.CanShowNumber = true).StartAsync();
        var alice = await host.SignInAsync("alice");
        var question = await (await alice.DecideOnPageAsync(pairing.UserCode, "approve")).HtmlAsync();
        var steps = new List<PairingProgress>();
        await foreach (var step in pairing.WatchAsync())
        {
            steps.Add(step);
            if (step is ShowNumber { Number: var number })
            {
                await alice.PostNumberAsync(question, number.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        Assert.Equal([typeof(ShowNumber), typeof(Connected)], steps.Select(step => step.GetType()));
    }

    [Fact]
    public async Task A_client_with_a_secret_proves_itself_by_the_form()
    {
        await using var host = await HostAsync(options => options.Clients["tv"] = new() { Secret = "a secret that is long enough to be one" });
        var pairing = await Client(host, options => options.ClientSecret = "a secret that is long enough to be one").StartAsync();
        await ApproveAsync(host, pairing);

        Assert.NotNull(await pairing.WaitAsync());
        Assert.Equal("invalid_client", (await Assert.ThrowsAsync<PairingException>(() => Client(host).StartAsync())).Error);
    }

    [Fact]
    public async Task A_proxy_that_loses_every_first_answer_costs_no_new_pairing()
    {
        await using var host = await HostAsync();
        var proxy = new LossyProxy();
        var pairing = await Client(host, handlers: proxy).StartAsync();
        var steps = new List<PairingProgress>();
        await foreach (var step in pairing.WatchAsync())
        {
            steps.Add(step);
            if (step is Waiting)
            {
                await ApproveAsync(host, pairing); // the next poll redeems it, and its answer is lost
            }
        }

        Assert.Equal([typeof(Trouble), typeof(Waiting), typeof(Trouble), typeof(Connected)], steps.Select(step => step.GetType()));
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(((Connected)steps[^1]).Token.AccessToken).GetAsync("/api/library")).StatusCode);
    }

    [Fact]
    public async Task A_client_that_is_killed_connects_when_it_resumes()
    {
        await using var host = await HostAsync();
        var saved = (await Client(host).StartAsync()).Save();

        // Killed at the worst moment: the server has given the token away, and the device has not got it.
        var killed = Client(host, handlers: new LossyProxy()).Resume(saved);
        await ApproveAsync(host, killed);
        await foreach (var step in killed.WatchAsync())
        {
            Assert.IsType<Trouble>(step);
            break;
        }

        var token = await Client(host).Resume(saved).WaitAsync();
        Assert.Equal(HttpStatusCode.OK, (await host.WithToken(token.AccessToken).GetAsync("/api/library")).StatusCode);
    }

    [Theory]
    [InlineData(PairingDialect.OAuth)]
    [InlineData(PairingDialect.RomM)]
    public async Task A_held_poll_brings_the_token_when_the_approver_approves(PairingDialect dialect)
    {
        await using var host = await HostAsync();
        var pairing = await HeldClient(host, options => options.Dialect = dialect).StartAsync();
        var waiting = pairing.WaitAsync();
        await HoldAsync(host, afterSeconds: 5);
        await ApproveAsync(host, pairing);
        Assert.Equal("library.read", (await waiting).Scope); // the clock stands still
    }

    [Fact]
    public async Task A_pairing_of_a_minute_takes_four_requests()
    {
        await using var host = await HostAsync();
        var counter = new Counter();
        var pairing = await HeldClient(host, handlers: counter).StartAsync();
        counter.Requests--; // the metadata, which a device reads once
        var waiting = pairing.WaitAsync();
        await HoldAsync(host, afterSeconds: 5); // the first poll comes after the interval, the others at once
        await HoldAsync(host, afterSeconds: 25);
        await HoldAsync(host, afterSeconds: 25);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        await ApproveAsync(host, pairing);
        await waiting;
        Assert.Equal((TimeSpan.FromSeconds(60), 4), (host.Clock.GetUtcNow() - TestHost.Epoch, counter.Requests));
    }

    [Fact]
    public async Task A_device_that_gives_up_cannot_be_approved()
    {
        await using var host = await HostAsync();
        var pairing = await HeldClient(host).StartAsync();
        using var stop = new CancellationTokenSource();
        var waiting = pairing.WaitAsync(stop.Token);
        await HoldAsync(host, afterSeconds: 5);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        await pairing.WithdrawAsync();
        Assert.Equal(HttpStatusCode.NotFound, (await (await host.SignInAsync("alice")).ApproveAsync(pairing.UserCode)).StatusCode);
    }

    [Fact]
    public async Task A_revoked_token_is_reported()
    {
        await using var host = await HostAsync();
        var pairing = await Client(host).StartAsync();
        await ApproveAsync(host, pairing);
        var token = await pairing.WaitAsync();
        var rejected = new List<IssuedToken>();
        var api = host.Device(new BearerTokenHandler(host.Device().BaseAddress!, token, (gone, _) =>
        {
            rejected.Add(gone);
            return Task.CompletedTask;
        }));
        Assert.Equal(HttpStatusCode.Forbidden, (await api.GetAsync("/api/admin")).StatusCode);
        Assert.Empty(rejected);
        (await host.Device().PostFormAsync("revoke", ("token", token.AccessToken), ("client_id", "tv"))).EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.Unauthorized, (await api.GetAsync("/api/library")).StatusCode);
        Assert.Same(token, Assert.Single(rejected));
    }

    private static Task<TestHost> HostAsync(Action<DeviceAuthorizationOptions>? configure = null) =>
        TestHost.StartAsync(configure, map: app => app.MapDeviceAuthorizationMetadata());

    private static async Task ApproveAsync(TestHost host, DevicePairing pairing) =>
        (await (await host.SignInAsync("alice")).ApproveAsync(pairing.UserCode)).EnsureSuccessStatusCode();

    private static PairingClient Client(TestHost host, Action<PairingClientOptions>? configure = null, params DelegatingHandler[] handlers)
    {
        var options = new PairingClientOptions
        {
            Server = host.Device().BaseAddress,
            ClientId = "tv",
            Scope = "library.read",
            Device = new() { Name = "Living room TV", Identifier = "id-1" },
            MaxWait = TimeSpan.Zero, // the server's clock stands still while it holds a poll
        };
        configure?.Invoke(options);
        return new(host.Device(handlers), options, options.MaxWait > TimeSpan.Zero ? host.Clock : new ImpatientClock(host.Clock));
    }

    /// <summary>A client that lets its polls be held, by the same clock as the server.</summary>
    private static PairingClient HeldClient(TestHost host, Action<PairingClientOptions>? configure = null, params DelegatingHandler[] handlers) => Client(
        host,
        options =>
        {
            options.MaxWait = TimeSpan.FromSeconds(25);
            configure?.Invoke(options);
        },
        handlers);

    /// <summary>Moves the clock on to the next poll, and returns once the server holds it.</summary>
    private static async Task HoldAsync(TestHost host, double afterSeconds)
    {
        if (afterSeconds < 25) // the client waits; else the hold before has told so
        {
            await host.Clock.TimerAsync(afterSeconds);
        }

        host.Clock.Advance(TimeSpan.FromSeconds(afterSeconds));
        await host.Clock.TimerAsync(25);
    }

    private sealed class Counter : DelegatingHandler
    {
        public int Requests { get; set; }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Requests++;
            return base.SendAsync(request, cancellationToken);
        }
    }

    /// <summary>Loses the first answer of the token endpoint, the third, and so on, after the server has done its work.</summary>
    private sealed class LossyProxy : DelegatingHandler
    {
        private int _polls;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            return request.RequestUri!.AbsolutePath.EndsWith("/token", StringComparison.Ordinal) && _polls++ % 2 == 0
                ? throw new HttpRequestException("The connection was reset.")
                : response;
        }
    }
}

/// <summary>The clock of a device that waits for nothing: each of its waits moves its clock and the server's on. Its timeouts are longer, and never come.</summary>
internal sealed class ImpatientClock(FakeTimeProvider server) : FakeTimeProvider(server.GetUtcNow())
{
    private static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(15);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        if (dueTime > TimeSpan.Zero && dueTime < ShortestTimeout)
        {
            ThreadPool.QueueUserWorkItem(_ =>
            {
                server.Advance(dueTime);
                Advance(dueTime);
            });
        }

        return timer;
    }
}

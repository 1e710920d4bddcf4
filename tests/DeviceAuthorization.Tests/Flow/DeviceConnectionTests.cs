using System.Runtime.CompilerServices;
using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Tokens that come outside of HTTP, and connections that stay open (RomM 5.4, section 4).</summary>
public sealed class DeviceConnectionTests
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(30);

    private readonly TestFlow _flow = new();

    [Fact]
    [Trait("RomM 5.4", "22")]
    public async Task A_live_token_is_found_with_its_device_and_scopes()
    {
        var paired = await _flow.PairAsync("tv-1");
        var found = await _flow.Access.AuthenticateTokenAsync(paired.Token.Reveal());
        Assert.Equal(
            (paired.Issued.Id, "alice", paired.Issued.DeviceId, "read write", paired.Issued.ExpiresAt),
            (found!.Id, found.UserId, found.Device?.Id, string.Join(' ', found.Scopes), found.ExpiresAt));
        Assert.Null((await _flow.Devices.FindTokenAsync(paired.Token.Hash(), default))!.Token.LastUsedAt); // to ask changes nothing
    }

    [Theory]
    [Trait("RomM 5.4", "22, 121, 133")]
    [InlineData("unknown")]
    [InlineData("empty")]
    [InlineData("revoked")]
    [InlineData("expired")]
    [InlineData("removed")]
    [InlineData("locked")]
    public async Task What_a_call_would_be_refused_with_is_nothing(string why)
    {
        var paired = await _flow.PairAsync("tv-1");
        switch (why)
        {
            case "revoked":
                await _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default);
                break;
            case "expired":
                _flow.Clock.Advance(TimeSpan.FromDays(90));
                break;
            case "removed":
                await _flow.Registry.RemoveAsync("alice", paired.Issued.DeviceId!, default);
                break;
            case "locked":
                _flow.Policy.IsActive = false;
                break;
        }

        var token = why switch { "unknown" => (await new TestFlow().PairAsync()).Token.Reveal(), "empty" => "", _ => paired.Token.Reveal() };
        Assert.Null(await _flow.Access.AuthenticateTokenAsync(token));
        Assert.Null(await _flow.Access.ConnectAsync(token));
    }

    [Fact]
    public async Task Scopes_that_the_account_lost_are_not_there()
    {
        var paired = await _flow.PairAsync("tv-1");
        _flow.Policy.Scopes = ["read"];
        Assert.Equal(["read"], (await _flow.Access.AuthenticateTokenAsync(paired.Token.Reveal()))!.Scopes);
    }

    [Theory]
    [Trait("RomM 5.4", "126, 127, 129, 130")]
    [InlineData("revoked")]
    [InlineData("removed")]
    [InlineData("renewed")]
    [InlineData("replaced")]
    [InlineData("signed out")]
    public async Task A_connection_ends_at_once_with_its_token(string how)
    {
        var paired = await _flow.PairAsync("tv-1");
        using var connection = await ConnectAsync(paired);
        using var another = await ConnectAsync(paired);
        using var others = await ConnectAsync(await _flow.PairAsync("tv-2", "bob"));
        switch (how)
        {
            case "revoked":
                await _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default);
                break;
            case "removed":
                await _flow.Registry.RemoveAsync("alice", paired.Issued.DeviceId!, default);
                break;
            case "renewed":
                Assert.IsType<TokenResult.Done>(await _flow.Tokens.RenewAsync("alice", null, paired.Issued.Id, default));
                break;
            case "replaced":
                await _flow.PairAsync("tv-1");
                break;
            default:
                await _flow.Access.SignOutEverywhereAsync("alice");
                break;
        }

        await EndsAsync(connection);
        await EndsAsync(another);
        Assert.False(others.Ended.IsCancellationRequested);
    }

    [Fact]
    [Trait("RomM 5.4", "131")]
    public async Task A_connection_ends_in_the_moment_its_token_expires_also_during_an_outage()
    {
        var flow = new TestFlow(options => options.TokenLifetime = TimeSpan.FromMinutes(10), _flow);
        using var connection = await ConnectAsync(await flow.PairAsync("tv-1"));
        _flow.Clock.Advance(TimeSpan.FromMinutes(10) - TimeSpan.FromMilliseconds(1));
        Assert.False(connection.Ended.IsCancellationRequested);
        _flow.Devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
        _flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await EndsAsync(connection);
    }

    [Fact]
    public async Task A_token_that_expires_while_a_look_fails_ends_the_connection()
    {
        var flow = new TestFlow(options => options.TokenLifetime = Look + TimeSpan.FromSeconds(5), _flow);
        using var connection = await ConnectAsync(await flow.PairAsync("tv-1"));
        var outage = new TaskCompletionSource(); // its end continues the look at once, in this thread
        _flow.Devices.Passing = (member, isAfter) => member == nameof(IDeviceRepository.FindTokenAsync) && !isAfter ? outage.Task : Task.CompletedTask;
        _flow.Clock.Advance(Look);
        _flow.Clock.Advance(TimeSpan.FromSeconds(10));
        Assert.False(connection.Ended.IsCancellationRequested);
        outage.SetException(new IOException("The database is down."));
        _flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await EndsAsync(connection);
    }

    [Fact]
    public async Task A_connection_ends_when_its_token_lost_a_scope_or_time()
    {
        var (narrowed, shortened) = (await _flow.PairAsync("tv-1"), await _flow.PairAsync("tv-2"));
        using var one = await ConnectAsync(narrowed);
        using var two = await ConnectAsync(shortened);
        await _flow.Tokens.ChangeAsync("alice", narrowed.Issued.Id, new TokenProperties(Scopes: ["read"]), default);
        await _flow.Devices.TryReplaceTokenAsync((await _flow.Devices.FindTokenAsync(shortened.Token.Hash(), default))!.Token with { ExpiresAt = _flow.Clock.GetUtcNow() + Look + Look / 2 }, default);
        _flow.Clock.Advance(Look);
        await EndsAsync(one);
        Assert.False(two.Ended.IsCancellationRequested);
        _flow.Clock.Advance(Look / 2);
        await EndsAsync(two);
    }

    [Fact]
    public async Task Slow_listeners_delay_the_end_of_no_connection()
    {
        var paired = await _flow.PairAsync("tv-1");
        using var connection = await ConnectAsync(paired);
        var pause = _flow.Events.Pause();
        var revoking = _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default);
        await EndsAsync(connection);
        pause.SetResult();
        await revoking;
    }

    [Theory]
    [InlineData(15)]
    [InlineData(90)]
    [InlineData(3600)]
    public async Task An_open_connection_is_never_taken_for_a_device_that_is_away(int onlineAfterCall)
    {
        var flow = new TestFlow(options => options.OnlineAfterCall = TimeSpan.FromSeconds(onlineAfterCall), _flow);
        var paired = await flow.PairAsync("tv-1");
        using var connection = await flow.Access.ConnectAsync(paired.Token.Reveal());
        for (var second = 0; second < 4 * onlineAfterCall; second++)
        {
            _flow.Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.InRange(_flow.Clock.GetUtcNow() - (await SeenAsync(paired))!.Value, TimeSpan.Zero, TimeSpan.FromSeconds(onlineAfterCall - 1));
        }
    }

    [Theory]
    [InlineData("revoked")]
    [InlineData("locked")]
    public async Task What_another_process_ends_ends_the_connection_at_the_next_look(string how)
    {
        var paired = await _flow.PairAsync("tv-1");
        using var connection = await ConnectAsync(paired);
        if (how == "locked")
        {
            _flow.Policy.IsActive = false;
        }
        else
        {
            await new TestFlow(before: _flow).Registry.RevokeTokenAsync("alice", paired.Issued.Id, default);
        }

        _flow.Clock.Advance(Look - TimeSpan.FromMilliseconds(1));
        Assert.False(connection.Ended.IsCancellationRequested);
        _flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await EndsAsync(connection);
    }

    [Fact]
    [Trait("RomM 5.4", "125")]
    public async Task A_token_that_is_revoked_between_the_two_looks_opens_no_connection()
    {
        var paired = await _flow.PairAsync("tv-1");
        var pause = _flow.Devices.PauseAfter(nameof(IDeviceRepository.FindTokenAsync));
        var connecting = _flow.Access.ConnectAsync(paired.Token.Reveal());
        await pause.Reached;
        await _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default);
        pause.Release();
        Assert.Null(await connecting);
    }

    [Fact]
    public async Task A_store_that_fails_between_the_two_looks_opens_no_connection()
    {
        var paired = await _flow.PairAsync("tv-1");
        var looks = 0;
        _flow.Devices.Passing = (member, isAfter) => member == nameof(IDeviceRepository.FindTokenAsync) && !isAfter && ++looks == 2
            ? throw new IOException("The test's outage.")
            : Task.CompletedTask;
        await Assert.ThrowsAsync<IOException>(() => _flow.Access.ConnectAsync(paired.Token.Reveal()));
    }

    [Fact]
    public async Task An_open_connection_keeps_its_device_online_and_a_closed_one_does_not()
    {
        var paired = await _flow.PairAsync("tv-1");
        _flow.Clock.Advance(TimeSpan.FromHours(1));
        var connection = await ConnectAsync(paired);
        Assert.Equal(_flow.Clock.GetUtcNow(), await SeenAsync(paired));
        _flow.Clock.Advance(Look);
        _flow.Clock.Advance(Look);
        var last = _flow.Clock.GetUtcNow();
        Assert.Equal(last, await SeenAsync(paired));
        connection.Dispose();
        _flow.Clock.Advance(Look);
        Assert.Equal(last, await SeenAsync(paired));
        connection.Dispose(); // once more does no harm
    }

    [Fact]
    public async Task A_use_outside_of_HTTP_is_recorded_when_it_is_due()
    {
        var paired = await _flow.PairAsync("tv-1");
        _flow.Clock.Advance(TimeSpan.FromHours(1));
        var first = _flow.Clock.GetUtcNow();
        await RecordAsync();
        Assert.Equal(first, await SeenAsync(paired));
        _flow.Clock.Advance(Look - TimeSpan.FromMilliseconds(1));
        await RecordAsync();
        Assert.Equal(first, await SeenAsync(paired));
        _flow.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await RecordAsync();
        Assert.Equal(first + Look, await SeenAsync(paired));

        async Task RecordAsync() => await _flow.Access.RecordUseAsync((await _flow.Access.AuthenticateTokenAsync(paired.Token.Reveal()))!);
    }

    [Fact]
    public async Task A_host_that_has_ended_looks_no_more()
    {
        var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        using var scope = host.Services.CreateScope();
        using var connection = await scope.ServiceProvider.GetRequiredService<DeviceAccess>().ConnectAsync(token);
        Assert.NotNull(connection);
        await host.DisposeAsync();
        host.Logs.Clear();
        host.Clock.Advance(Look);
        Assert.Empty(host.Logs.GetSnapshot()); // a look would fail without the host's services
    }

    [Fact]
    public async Task A_connection_that_its_host_closed_is_forgotten_and_another_of_its_token_still_ends()
    {
        var paired = await _flow.PairAsync("tv-1");
        using var open = await ConnectAsync(paired);
        var closed = await OpenAndCloseAsync(paired);
        GC.Collect();
        Assert.False(closed.IsAlive);
        await _flow.Access.SignOutEverywhereAsync("alice");
        await EndsAsync(open);
    }

    [Fact]
    public async Task An_outage_ends_no_connection()
    {
        var paired = await _flow.PairAsync("tv-1");
        using var connection = await ConnectAsync(paired);
        _flow.Devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
        _flow.Clock.Advance(Look);
        _flow.Policy.IsActive = false;
        Assert.False(connection.Ended.IsCancellationRequested);
        _flow.Clock.Advance(Look); // and the looks go on
        await EndsAsync(connection);
    }

    [Fact]
    public async Task A_failing_store_is_no_answer()
    {
        var paired = await _flow.PairAsync("tv-1");
        _flow.Devices.FailBefore(nameof(IDeviceRepository.FindTokenAsync));
        await Assert.ThrowsAsync<IOException>(() => _flow.Access.AuthenticateTokenAsync(paired.Token.Reveal()));
    }

    private async Task<DeviceConnection> ConnectAsync(PollResult.Paired paired)
    {
        var connection = await _flow.Access.ConnectAsync(paired.Token.Reveal());
        Assert.NotNull(connection);
        Assert.Equal(paired.Issued.Id, connection.Token.Id);
        return connection;
    }

    [MethodImpl(MethodImplOptions.NoInlining)] // else the test itself may hold it
    private async Task<WeakReference> OpenAndCloseAsync(PollResult.Paired paired)
    {
        using var connection = await ConnectAsync(paired);
        return new WeakReference(connection);
    }

    private async Task<DateTimeOffset?> SeenAsync(PollResult.Paired paired) => (await _flow.Devices.FindAsync("alice", paired.Issued.DeviceId!, default))!.LastSeenAt;

    /// <summary>Waits for the end, which does not wait for those who listen to it.</summary>
    private static async Task EndsAsync(DeviceConnection connection)
    {
        var ended = new TaskCompletionSource();
        await using var registration = connection.Ended.Register(ended.SetResult);
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }
}

using static DeviceAuthorization.Client.PairingProgress;

namespace DeviceAuthorization.Client.Tests;

public sealed class CancellationTests : IDisposable
{
    private readonly Device _device = new();

    private ScriptedServer Server => _device.Server;

    public void Dispose() => _device.Dispose();

    [Fact]
    public async Task Between_two_polls_the_wait_ends_at_once()
    {
        Server.ThenPending();
        _device.Start().Advance(7).Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _device.Watching);
        Assert.Equal([5], Server.PollTimes);
    }

    [Fact]
    public void A_token_that_is_on_its_way_is_not_thrown_away()
    {
        Server.ThenHeld(3, ScriptedServer.TokenBody, status: 200);
        _device.Start().Advance(6).Cancel();
        Assert.False(_device.Watching.IsCompleted);
        _device.Advance(2);

        Assert.IsType<Connected>(Assert.Single(_device.Steps));
        Assert.True(_device.Watching.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task WaitAsync_returns_it_too()
    {
        Server.ThenHeld(3, ScriptedServer.TokenBody, status: 200);
        var pairing = Device.Done(_device.Client.StartAsync());
        using var stop = new CancellationTokenSource();
        var waiting = pairing.WaitAsync(stop.Token);
        _device.Advance(6);
        await stop.CancelAsync();
        _device.Advance(2);

        Assert.Equal("the token", (await waiting).AccessToken);
    }

    [Fact]
    public void A_poll_in_flight_has_five_seconds_to_end()
    {
        Server.ThenSilence();
        _device.Start().Advance(6).Cancel();
        _device.Advance(4.75);
        Assert.False(_device.Watching.IsCompleted);
        _device.Advance(0.25);

        Assert.True(_device.Watching.IsCanceled);
        Assert.Equal([5], Server.PollTimes);
        Assert.Empty(_device.Steps);
    }

    [Fact]
    public void A_held_poll_is_cut_off_and_a_plain_one_looks_for_the_token()
    {
        _device.Options.MaxWait = TimeSpan.FromSeconds(25);
        Server.ThenSilence().ThenToken(); // the server committed the token, and the answer is lost
        _device.Start().Advance(6).Cancel();

        Assert.Equal([5, 6], Server.PollTimes);
        Assert.Equal("wait=25 -", Server.Preferences);
        Assert.Single(Server.Keys);
        Assert.IsType<Connected>(Assert.Single(_device.Steps));
    }

    [Fact]
    public void Without_a_token_the_wait_is_cancelled_and_goes_on_later()
    {
        _device.Options.MaxWait = TimeSpan.FromSeconds(25);
        Server.ThenSilence().Then(400, """{ "error": "slow_down" }""").ThenHeld(1, ScriptedServer.TokenBody, status: 200);
        _device.Start().Advance(6).Cancel();
        Assert.True(_device.Watching.IsCanceled);

        using var later = new Device(options => options.MaxWait = TimeSpan.FromSeconds(25));
        later.Server.ThenToken();
        later.Advance(6).Resume(_device.Pairing.Save()).Advance(10);
        Assert.Equal([16], later.Server.PollTimes); // and it keeps the longer interval
        Assert.Equal(Server.Polls.First().IdempotencyKey, later.Server.Polls.Single().IdempotencyKey);
        Assert.IsType<Connected>(Assert.Single(later.Steps));
    }

    [Fact]
    public async Task The_same_pairing_can_be_watched_again_and_still_asks_the_server_to_hold()
    {
        _device.Options.MaxWait = TimeSpan.FromSeconds(25);
        Server.ThenSilence().ThenPending();
        _device.Start().Advance(6).Cancel();
        var again = _device.Pairing.WaitAsync();
        _device.Advance(5);

        Assert.Equal("wait=25 - wait=25", Server.Preferences);
        Server.ThenToken();
        _device.Advance(10);
        Assert.Equal("the token", (await again).AccessToken);
    }

    [Fact]
    public async Task Withdrawing_revokes_the_device_code()
    {
        Server.ThenPending();
        _device.Start().Advance(6).Cancel();
        await _device.Pairing.WithdrawAsync();

        var request = Server.Requests[^1];
        Assert.Equal("/revoke", request.Uri.AbsolutePath);
        Assert.Equal("token=the+device+code&token_type_hint=device_code&client_id=tv", request.Body);
    }

    [Fact]
    public async Task Withdrawing_does_nothing_after_the_end_or_without_an_endpoint()
    {
        Server.ThenToken();
        _device.Start().Advance(6);
        await _device.Pairing.WithdrawAsync();
        _device.Options.RevocationEndpoint = null;
        await Device.Done(_device.Client.StartAsync()).WithdrawAsync();

        Assert.DoesNotContain(Server.Requests, request => request.Uri.AbsolutePath == "/revoke");
    }
}

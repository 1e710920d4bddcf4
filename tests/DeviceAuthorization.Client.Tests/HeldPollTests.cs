using static DeviceAuthorization.Client.PairingProgress;

namespace DeviceAuthorization.Client.Tests;

public sealed class HeldPollTests : IDisposable
{
    private readonly Device _device = new(options => options.MaxWait = TimeSpan.FromSeconds(25));

    private ScriptedServer Server => _device.Server;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void A_held_answer_is_followed_by_the_next_poll_at_once()
    {
        Server.ThenHeld(25, ScriptedServer.PendingBody).ThenHeld(25, ScriptedServer.PendingBody).ThenHeld(3, ScriptedServer.TokenBody, status: 200);
        _device.Start().Advance(58);

        Assert.Equal([5, 30, 55], Server.PollTimes);
        Assert.All(Server.Polls, poll => Assert.Equal("wait=25", poll.Prefer));
        Assert.IsType<Connected>(_device.Steps[^1]);
        Assert.Equal(4, Server.Requests.Count); // for a pairing that takes a minute
    }

    [Fact]
    public void A_server_that_does_not_know_the_header_is_polled_each_interval()
    {
        Server.ThenPending();
        _device.Start().Advance(15);

        Assert.Equal([5, 10, 15], Server.PollTimes);
    }

    [Fact]
    public void An_answer_that_says_held_and_comes_at_once_was_not_held()
    {
        Server.ThenHeld(0.75, ScriptedServer.PendingBody);
        _device.Start().Advance(12);

        Assert.Equal([5, 10.75], Server.PollTimes);
    }

    [Fact]
    public void A_number_that_comes_at_once_is_followed_by_the_next_poll_at_once()
    {
        const string Number = """{ "error": "authorization_pending", "match_number": 42 }""";
        Server.ThenHeld(0.75, Number).ThenHeld(0.75, Number).ThenHeld(2, ScriptedServer.TokenBody, status: 200);
        _device.Start().Advance(14);

        Assert.Equal([5, 5.75, 11.5], Server.PollTimes); // the number once more is no news
        Assert.Equal(new ShowNumber(42), Assert.Single(_device.Steps.OfType<ShowNumber>()));
        Assert.IsType<Connected>(_device.Steps[^1]);
    }

    [Theory]
    [InlineData("wait", 9)]
    [InlineData("respond-async, Wait=4", 9)]
    [InlineData("respond-async", 14)]
    public void Only_an_applied_wait_counts_as_held(string applied, double second)
    {
        Server.ThenHeld(4, ScriptedServer.PendingBody, applied: applied);
        _device.Start().Advance(16);

        Assert.Equal(second, Server.PollTimes[1]);
    }

    [Fact]
    public void Slow_down_counts_also_when_it_was_held()
    {
        Server.ThenHeld(2, """{ "error": "slow_down" }""").ThenHeld(25, ScriptedServer.PendingBody);
        _device.Start().Advance(18);

        Assert.Equal([5, 17], Server.PollTimes);
    }

    [Fact]
    public void A_poll_is_held_no_longer_than_the_code_lives()
    {
        Server.Start = Server.Start.Replace("600", "40", StringComparison.Ordinal);
        Server.ThenHeld(25, ScriptedServer.PendingBody).ThenHeld(10, ScriptedServer.PendingBody);
        _device.Start().Advance(40);

        Assert.Equal("wait=25 wait=10", Server.Preferences);
        Assert.Equal(new Expired(), _device.Steps[^1]);
    }

    [Fact]
    public void The_app_can_do_without()
    {
        _device.Options.MaxWait = TimeSpan.Zero;
        Server.ThenPending();
        _device.Start().Advance(5);

        Assert.Null(Server.Polls.Single().Prefer);
    }

    [Fact]
    public void After_a_held_poll_without_an_answer_polls_are_plain()
    {
        Server.ThenSilence().ThenPending();
        _device.Start().Advance(55);

        Assert.Equal([5, 50, 55], Server.PollTimes); // 25 seconds held, 15 of patience, 5 of back-off
        Assert.Equal("wait=25 - -", Server.Preferences);
        Assert.Single(_device.Steps.OfType<Trouble>());
    }

    [Theory]
    [InlineData(true)] // the connection was cut
    [InlineData(false)] // 504 of a proxy
    public void After_a_proxy_has_cut_a_held_poll_polls_are_plain(bool isConnection)
    {
        Server.Then(async cancellationToken =>
        {
            await Task.Delay(TimeSpan.FromSeconds(10), _device.Clock, cancellationToken).ConfigureAwait(false);
            return isConnection ? throw new HttpRequestException("Reset.") : ScriptedServer.Answer(504, "<html>");
        }).ThenPending();
        _device.Start().Advance(25);

        Assert.Equal([5, 20, 25], Server.PollTimes);
        Assert.Equal("wait=25 - -", Server.Preferences);
    }

    [Fact]
    public void A_server_that_is_away_for_a_moment_is_asked_to_hold_again()
    {
        Server.Then(_ => throw new HttpRequestException("Connection refused.")).Then(503, "").ThenHeld(25, ScriptedServer.PendingBody);
        _device.Start().Advance(21);

        Assert.Equal([5, 10, 20], Server.PollTimes);
        Assert.All(Server.Polls, poll => Assert.Equal("wait=25", poll.Prefer));
    }
}

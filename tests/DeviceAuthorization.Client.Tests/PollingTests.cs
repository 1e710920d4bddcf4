using System.Globalization;
using static DeviceAuthorization.Client.PairingProgress;

namespace DeviceAuthorization.Client.Tests;

public sealed class PollingTests : IDisposable
{
    private readonly Device _device = new();

    private ScriptedServer Server => _device.Server;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void The_first_poll_comes_one_interval_after_the_start_and_then_one_each_interval()
    {
        Server.ThenPending().ThenPending().ThenToken();
        _device.Start().Advance(600);

        Assert.Equal([5, 10, 15], Server.PollTimes);
        Assert.Equal([new Waiting(TimeSpan.FromSeconds(595)), new Waiting(TimeSpan.FromSeconds(590))], _device.Steps[..2]);
        var token = Assert.IsType<Connected>(_device.Steps[2]).Token;
        Assert.Equal(
            ("the token", "Bearer", "library.read", "the refresh", "d1", TestHost.Epoch.AddSeconds(3615)),
            (token.AccessToken, token.TokenType, token.Scope, token.RefreshToken, token.DeviceId, token.ExpiresAt));
        Assert.True(_device.Watching.IsCompletedSuccessfully);
    }

    [Fact]
    public void A_poll_has_the_parameters_of_the_RFC()
    {
        _device.Options.ClientSecret = "s3cret";
        Server.ThenToken();
        _device.Start().Advance(5);

        Assert.Equal(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&device_code=the+device+code&client_id=tv&client_secret=s3cret",
            Server.Polls.Single().Body);
    }

    [Theory]
    [InlineData("", 5)]
    [InlineData(", \"interval\": 7", 7)]
    [InlineData(", \"interval\": \"7\"", 7)]
    [InlineData(", \"interval\": null", 5)]
    [InlineData(", \"interval\": 0", 5)]
    [InlineData(", \"interval\": -3", 5)]
    [InlineData(", \"interval\": 0.2", 1)]
    [InlineData(", \"interval\": 1e99", 300)]
    public void The_interval_of_the_server_counts_within_limits(string interval, double first)
    {
        Server.Start = $$"""{ "device_code": "dc", "user_code": "uc", "verification_uri": "https://example.org", "expires_in": 600{{interval}} }""";
        Server.ThenToken();
        _device.Start().Advance(600);

        Assert.Equal([first], Server.PollTimes);
    }

    [Fact]
    public void What_a_slow_down_added_stays_also_if_the_server_goes_on_naming_its_usual_interval_and_after_a_restart()
    {
        const string Pending = """{ "error": "authorization_pending", "interval": 5 }""";
        Server.Then(400, """{ "error": "slow_down" }""").Then(400, Pending).Then(400, Pending).ThenToken();
        _device.Start().Advance(26);
        Assert.Equal([5, 15, 25], Server.PollTimes);

        using var later = new Device();
        later.Server.Then(400, Pending).ThenToken();
        later.Resume(_device.Pairing.Save()).Advance(25);
        Assert.Equal([10, 20], later.Server.PollTimes);
    }

    [Theory]
    [InlineData("{ \"error\": \"invalid_scope\", \"error_description\": \"\\ud800\" }", "invalid_scope")]
    [InlineData("{ \"error\": \"\\ud800\" }", "invalid_response")]
    [InlineData("{ \"access_token\": \"\\ud800\" }", "invalid_response")]
    public void A_text_that_is_wrongly_encoded_counts_as_absent(string body, string error)
    {
        Server.Then(400, body);
        _device.Start().Advance(5);

        Assert.Equal(new Refused(error, null).Error, Assert.IsType<Refused>(_device.Steps.Single()).Error);
    }

    [Theory]
    [InlineData(", \"expires_in\": 30", 30)]
    [InlineData(", \"expires_in\": \"30\"", 30)]
    [InlineData("", 600)]
    [InlineData(", \"expires_in\": -1", 600)]
    [InlineData(", \"expires_in\": 1e12", 86_400)]
    public void So_does_the_lifetime(string lifetime, int seconds)
    {
        Server.Start = $$"""{ "device_code": "dc", "user_code": "uc", "verification_uri": "https://example.org"{{lifetime}} }""";
        Server.ThenPending();
        _device.Start();

        Assert.Equal(TimeSpan.FromSeconds(seconds), _device.Pairing.TimeLeft);
        Assert.Equal(TestHost.Epoch.AddSeconds(seconds), _device.Pairing.ExpiresAt);
    }

    [Fact]
    public void Slow_down_adds_five_seconds_for_good()
    {
        Server.Then(400, """{ "error": "slow_down" }""").ThenPending();
        _device.Start().Advance(36);

        Assert.Equal([5, 15, 25, 35], Server.PollTimes);
        Assert.All(_device.Steps, step => Assert.IsType<Waiting>(step));
    }

    [Theory]
    [InlineData(12, 17)]
    [InlineData(2, 15)]
    [InlineData(100_000, 305)]
    public void Slow_down_takes_the_interval_of_the_server_if_it_is_longer(int interval, double second)
    {
        Server.Then(400, $$"""{ "error": "slow_down", "interval": {{interval}} }""").ThenPending();
        _device.Start().Advance(310);

        Assert.Equal(second, Server.PollTimes[1]);
    }

    // cli/oauth: the clock of a virtual machine ran up to 30 % fast, and slow_down alone never caught up with a server that adds five seconds too.
    [Fact]
    public void A_device_whose_clock_runs_fast_is_asked_to_slow_down_only_twice()
    {
        const double Fast = 1.3;
        var (interval, last) = (5.0, 0.0);
        var slowed = 0;
        Server.Then(_ =>
        {
            var now = (_device.Clock.GetUtcNow() - TestHost.Epoch).TotalSeconds / Fast;
            var isEarly = now - last < interval;
            last = now;
            (interval, slowed) = isEarly ? (interval + 5, slowed + 1) : (interval, slowed);
            return Task.FromResult(ScriptedServer.Answer(400, isEarly ? """{ "error": "slow_down" }""" : ScriptedServer.PendingBody));
        });
        _device.Start().Advance(595);

        Assert.Equal(2, slowed);
    }

    [Fact]
    public void A_new_interval_with_a_pending_answer_counts_from_then_on()
    {
        Server.Then(400, """{ "error": "authorization_pending", "interval": 20 }""").ThenPending();
        _device.Start().Advance(46);

        Assert.Equal([5, 25, 45], Server.PollTimes);
    }

    [Theory]
    [InlineData(400, "12", 17)]
    [InlineData(429, "12", 17)]
    [InlineData(503, "12", 17)]
    [InlineData(503, "1", 10)]
    [InlineData(503, "Mon, 23 Nov 2026 12:00:25 GMT", 25)]
    [InlineData(503, "Mon, 23 Nov 2026 11:00:00 GMT", 10)]
    [InlineData(503, "soon", 10)]
    public void Retry_After_delays_the_next_poll_and_never_brings_it_forward(int status, string retryAfter, double second)
    {
        Server.Then(status, status == 400 ? ScriptedServer.PendingBody : "", ("Retry-After", retryAfter)).ThenPending();
        _device.Start().Advance(40);

        Assert.Equal(second, Server.PollTimes[1]);
    }

    [Theory]
    [InlineData(200)] // GitHub
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(428)] // Google
    [InlineData(500)]
    public void Pending_counts_with_any_status(int status)
    {
        Server.Then(status, ScriptedServer.PendingBody).ThenToken();
        _device.Start().Advance(600);

        Assert.Equal([5, 10], Server.PollTimes);
        Assert.Equal([typeof(Waiting), typeof(Connected)], _device.Steps.Select(step => step.GetType()));
    }

    [Theory]
    [InlineData(408, "")]
    [InlineData(429, "<html>")]
    [InlineData(500, """{ "error": "server_error" }""")]
    [InlineData(400, """{ "error": "temporarily_unavailable" }""")]
    [InlineData(502, "<html>")]
    [InlineData(503, """{ "error": "slow_down" }""")]
    [InlineData(504, """{ "error": "access_denied" }""")]
    [InlineData(200, "<html>the page of a captive network</html>")]
    [InlineData(200, """{ "unexpected": true }""")]
    [InlineData(302, "")]
    public void Trouble_is_met_with_growing_patience_until_the_server_is_back(int status, string body)
    {
        for (var i = 0; i < 7; i++)
        {
            Server.Then(status, body);
        }

        Server.ThenPending();
        _device.Start().Advance(270);

        // 5, 10, 20, 40, 60 and 60 seconds apart; then the interval as it was.
        Assert.Equal([5, 10, 20, 40, 80, 140, 200, 260, 265, 270], Server.PollTimes);
        Assert.Equal([5, 10, 20, 40, 60, 60, 60], _device.Steps.OfType<Trouble>().Select(trouble => trouble.RetryIn.TotalSeconds));
        Assert.All(_device.Steps.OfType<Trouble>(), trouble => Assert.NotEmpty(trouble.Reason));
    }

    [Fact]
    public void A_broken_network_and_a_silent_server_are_trouble_too()
    {
        Server.Then(_ => throw new HttpRequestException("Connection refused.")).ThenSilence().Then(_ => throw new IOException("Cut.")).ThenToken();
        _device.Start().Advance(100);

        Assert.Equal([5, 10, 35, 55], Server.PollTimes); // the second waits 15 seconds for an answer, and 10 more
        Assert.Equal(
            [new("Connection refused", TimeSpan.FromSeconds(5)), new("no answer in time", TimeSpan.FromSeconds(10)), new("Cut", TimeSpan.FromSeconds(20))],
            _device.Steps.OfType<Trouble>());
        Assert.IsType<Connected>(_device.Steps[^1]);
    }

    [Fact]
    public void An_answer_of_more_than_a_megabyte_is_not_read()
    {
        Server.Then(200, $$"""{ "access_token": "{{new string('a', 1 << 20)}}" }""").ThenToken();
        _device.Start().Advance(20);

        Assert.Equal([typeof(Trouble), typeof(Connected)], _device.Steps.Select(step => step.GetType()));
        Assert.Equal("the token", ((Connected)_device.Steps[1]).Token.AccessToken);
    }

    [Fact]
    public void An_answer_that_came_by_a_redirect_is_not_used()
    {
        Server.Then(_ =>
        {
            var answer = ScriptedServer.Answer(200, """{ "access_token": "of another server" }""");
            answer.RequestMessage = new(HttpMethod.Post, "https://other.example.com/token");
            return Task.FromResult(answer);
        }).ThenToken();
        _device.Start().Advance(20);

        Assert.Equal("a redirect to https://other.example.com/token, which is not followed", Assert.IsType<Trouble>(_device.Steps[0]).Reason);
        Assert.Equal("the token", Assert.IsType<Connected>(_device.Steps[1]).Token.AccessToken);
    }

    [Theory]
    [InlineData(400, """{ "error": "invalid_grant", "error_description": "Used\u001b[2J up." }""", "invalid_grant", "Used[2J up.")]
    [InlineData(401, """{ "error": "invalid_client" }""", "invalid_client", null)]
    [InlineData(200, """{ "error": "incorrect_device_code" }""", "incorrect_device_code", null)]
    [InlineData(404, "<html>", "invalid_response", "status 404, not in the words of RFC 8628")]
    public void A_refusal_ends_the_pairing(int status, string body, string error, string? description)
    {
        Server.Then(status, body);
        _device.Start().Advance(60);

        Assert.Equal([new Refused(error, description)], _device.Steps);
        Assert.Equal([5], Server.PollTimes);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(200)]
    public async Task A_denial_ends_the_pairing(int status)
    {
        Server.Then(status, """{ "error": "access_denied" }""");
        _device.Start().Advance(60);

        Assert.Equal([new Denied()], _device.Steps);
        Assert.Equal([5], Server.PollTimes);
        var thrown = await Assert.ThrowsAsync<PairingException>(() => _device.Pairing.WaitAsync()); // the ending stays
        Assert.Equal(("access_denied", false), (thrown.Error, thrown.IsTransient));
        Assert.Equal([5], Server.PollTimes);
    }

    [Fact]
    public async Task An_expired_code_ends_the_pairing()
    {
        Server.Then(400, """{ "error": "expired_token" }""");
        _device.Start().Advance(60);

        Assert.Equal([new Expired()], _device.Steps);
        Assert.Equal("expired_token", (await Assert.ThrowsAsync<PairingException>(() => _device.Pairing.WaitAsync())).Error);
    }

    [Fact]
    public void The_last_poll_goes_out_a_second_before_the_end()
    {
        Server.Start = Server.Start.Replace("600", "23", StringComparison.Ordinal);
        Server.ThenPending();
        _device.Start().Advance(22.75);

        Assert.Equal([5, 10, 15, 20, 22], Server.PollTimes);
        Assert.False(_device.Watching.IsCompleted);
        _device.Advance(0.25);
        Assert.Equal(new Expired(), _device.Steps[^1]);
        Assert.Equal(TimeSpan.Zero, _device.Pairing.TimeLeft);
    }

    [Fact]
    public void An_approval_in_the_last_seconds_is_not_lost()
    {
        Server.Start = Server.Start.Replace("600", "60", StringComparison.Ordinal);
        Server.Then(503, "", ("Retry-After", "100000")).ThenToken();
        _device.Start().Advance(60);

        Assert.Equal([5, 59], Server.PollTimes);
        Assert.Equal([new Trouble("status 503, not in the words of RFC 8628", TimeSpan.FromSeconds(54))], _device.Steps[..1]);
        Assert.IsType<Connected>(_device.Steps[1]);
    }

    [Fact]
    public void A_wall_clock_that_is_set_changes_nothing()
    {
        Server.ThenPending();
        _device.Start().Advance(6);
        _device.Clock.WallClockOffset = TimeSpan.FromDays(1000);
        var left = _device.Pairing.TimeLeft;
        _device.Advance(5);

        Assert.Equal(TimeSpan.FromSeconds(594), left);
        Assert.Equal(2, Server.PollTimes.Length);
    }

    [Fact]
    public void Every_poll_of_a_pairing_has_the_same_key_and_another_pairing_has_another()
    {
        Server.ThenPending();
        _device.Start().Advance(30);
        using var other = new Device();
        other.Server.ThenPending();
        other.Start().Advance(30);

        var (key, otherKey) = (Assert.Single(Server.Keys), Assert.Single(other.Server.Keys));
        Assert.Matches("^[0-9A-F]{32}$", key);
        Assert.False(key == otherKey);
    }

    [Fact]
    public void A_number_is_reported_once_and_again_when_it_changes()
    {
        Server
            .Then(400, """{ "error": "authorization_pending", "match_number": 42 }""")
            .Then(400, """{ "error": "authorization_pending", "match_number": 42 }""")
            .Then(400, """{ "error": "authorization_pending", "match_number": 17 }""")
            .ThenToken();
        _device.Options.CanShowNumber = true;
        _device.Start().Advance(60);

        Assert.Equal([42, 17], _device.Steps.OfType<ShowNumber>().Select(step => step.Number));
        Assert.Equal("true", Server.Requests[0].Parameter("number_matching"));
    }

    [Fact]
    public void Only_one_wait_runs_at_a_time()
    {
        Server.ThenPending();
        _device.Start();
        var first = _device.Watching;
        _device.Watch();

        Assert.IsType<InvalidOperationException>(_device.Watching.Exception!.InnerException);
        Assert.False(first.IsCompleted);
    }

    [Fact]
    public void What_is_printed_holds_no_secret()
    {
        Server.ThenToken();
        _device.Start().Advance(5);
        var token = ((Connected)_device.Steps[0]).Token;
        string[] printed = [_device.Pairing.ToString(), token.ToString(), _device.Steps[0].ToString(), string.Create(CultureInfo.InvariantCulture, $"{token}")];

        Assert.All(printed, text => Assert.DoesNotContain("the ", text, StringComparison.Ordinal));
    }
}

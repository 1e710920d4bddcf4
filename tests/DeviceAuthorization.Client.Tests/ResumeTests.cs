using static DeviceAuthorization.Client.PairingProgress;

namespace DeviceAuthorization.Client.Tests;

public sealed class ResumeTests : IDisposable
{
    private readonly Device _device = new();

    private ScriptedServer Server => _device.Server;

    public void Dispose() => _device.Dispose();

    [Fact]
    public void A_saved_pairing_goes_on_in_another_process()
    {
        Server.Then(400, """{ "error": "slow_down" }""").ThenPending();
        _device.Start().Advance(6);
        var saved = _device.Pairing.Save();

        using var later = new Device();
        later.Server.ThenToken();
        later.Advance(100).Resume(saved);
        Assert.Equal(
            (_device.Pairing.UserCode, _device.Pairing.VerificationUri, _device.Pairing.VerificationUriComplete, _device.Pairing.ExpiresAt, TimeSpan.FromSeconds(500)),
            (later.Pairing.UserCode, later.Pairing.VerificationUri, later.Pairing.VerificationUriComplete, later.Pairing.ExpiresAt, later.Pairing.TimeLeft));
        later.Advance(10);

        Assert.Equal([110], later.Server.PollTimes); // with the longer interval
        Assert.Equal(Server.Polls.First().Body, later.Server.Polls.Single().Body);
        Assert.Equal(Server.Polls.First().IdempotencyKey, later.Server.Polls.Single().IdempotencyKey);
        Assert.IsType<Connected>(later.Steps.Single());
    }

    [Fact]
    public void An_approval_while_the_device_was_off_is_found_also_after_the_end()
    {
        var saved = Saved();
        using var later = new Device();
        later.Server.ThenToken();
        later.Advance(3600).Resume(saved);

        Assert.IsType<Connected>(later.Steps.Single()); // with one poll, at once
    }

    [Fact]
    public void Without_one_it_has_expired()
    {
        var saved = Saved();
        using var later = new Device();
        later.Server.ThenPending();
        later.Advance(3600).Resume(saved).Advance(60);

        Assert.Single(later.Server.Polls);
        Assert.Equal(new Expired(), later.Steps[^1]);
    }

    [Fact]
    public void A_clock_that_starts_in_the_past_does_not_lengthen_the_pairing()
    {
        var saved = Saved();
        using var later = new Device();
        later.Clock.WallClockOffset = TimeSpan.FromDays(-3650);
        later.Server.ThenPending();

        Assert.Equal(TimeSpan.FromMinutes(10), later.Resume(saved).Pairing.TimeLeft);
    }

    public static TheoryData<Func<string, string>> Broken => new()
    {
        _ => "",
        _ => "null",
        _ => "{}",
        saved => saved[..^5],
        saved => saved.Replace("\"tv\"", "\"another\"", StringComparison.Ordinal),
        saved => saved.Replace("https://example.org/token", "https://evil.example.com/token", StringComparison.Ordinal),
        saved => saved.Replace("https://example.org/pair", "javascript:x", StringComparison.Ordinal),
        saved => saved.Replace("https://example.org/token", "token", StringComparison.Ordinal),
        saved => saved.Replace("\"device_code\"", "\"other\"", StringComparison.Ordinal),
        saved => saved.Replace("\"the device code\"", "null", StringComparison.Ordinal),
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void A_text_that_is_no_pairing_of_this_client_is_refused_without_being_quoted(Func<string, string> change)
    {
        var saved = Saved();
        var thrown = Assert.Throws<FormatException>(() => _device.Client.Resume(change(saved)));

        Assert.DoesNotContain("the device code", thrown.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_pairing_of_another_server_is_refused()
    {
        var saved = Saved();
        _device.Options.Server = new("https://other.example.org");

        Assert.Throws<FormatException>(() => _device.Client.Resume(saved));
    }

    [Fact]
    public void A_token_is_saved_and_read_back()
    {
        Server.ThenToken();
        _device.Start().Advance(5);
        var token = ((Connected)_device.Steps[0]).Token;
        var read = IssuedToken.Parse(token.Save());

        Assert.Equal(
            (token.AccessToken, token.TokenType, token.Scope, token.ExpiresAt, token.RefreshToken, token.DeviceId),
            (read.AccessToken, read.TokenType, read.Scope, read.ExpiresAt, read.RefreshToken, read.DeviceId));
        Assert.Throws<FormatException>(() => IssuedToken.Parse("{}"));
        Assert.Throws<FormatException>(() => IssuedToken.Parse("the token"));
        Assert.Throws<FormatException>(() => IssuedToken.Parse(Saved()));
    }

    private string Saved() => Device.Done(_device.Client.StartAsync()).Save();
}

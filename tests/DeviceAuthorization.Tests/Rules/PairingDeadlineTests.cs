using DeviceAuthorization.Rules;
namespace DeviceAuthorization.Tests;

/// <summary>Both sides of every deadline in the rules of a pairing.</summary>
public sealed class PairingDeadlineTests
{
    private static readonly DateTimeOffset T0 = TestData.Start;
    private static readonly Pairing Pending = TestData.NewPairing();

    [Theory]
    [InlineData(599.999, null, PairingError.AuthorizationPending)]
    [InlineData(600, nameof(DecisionError.NotFound), PairingError.ExpiredToken)]
    public void A_pending_pairing_expires_at_its_deadline(double seconds, string? decision, PairingError poll)
    {
        var now = T0 + TimeSpan.FromSeconds(seconds);
        Assert.Equal(decision, Pending.Refuses("alice", now)?.ToString());
        Assert.Equal(decision, Pending.Claim("alice", now).Error?.ToString());
        Assert.Equal(decision, Pending.Approve("alice", TestData.NewGrant(), now).Error?.ToString());
        Assert.Equal(decision, Pending.Deny("alice", now).Error?.ToString());
        Assert.Equal(poll, Pending.PollError("tv", null, now).Error);
    }

    [Theory]
    [InlineData(0, 600)]
    [InlineData(569.999, 600)]
    [InlineData(570, 600)]
    [InlineData(570.001, 600.001)]
    [InlineData(599.999, 629.999)]
    public void An_approval_leaves_at_least_30_seconds_to_redeem(double approvedAt, double deadline)
    {
        var (_, approved) = Pending.Approve("alice", TestData.NewGrant(), T0 + TimeSpan.FromSeconds(approvedAt));
        Assert.Equal(T0 + TimeSpan.FromSeconds(deadline), approved.ExpiresAt);
        Assert.Null(approved.PollError("tv", null, approved.ExpiresAt - TimeSpan.FromTicks(1)).Error);
        Assert.Equal(PairingError.ExpiredToken, approved.PollError("tv", null, approved.ExpiresAt).Error);
    }

    [Fact]
    public void A_denial_does_not_move_the_deadline() =>
        Assert.Equal(Pending.ExpiresAt, Pending.Deny("alice", Pending.ExpiresAt - TimeSpan.FromSeconds(1)).Next.ExpiresAt);

    [Theory]
    [InlineData(119.999, nameof(DecisionError.NotFound))]
    [InlineData(120, null)]
    public void A_claim_keeps_others_out_for_two_minutes(double seconds, string? error)
    {
        var (_, claimed) = Pending.Claim("alice", T0);
        var now = T0 + TimeSpan.FromSeconds(seconds);
        Assert.Equal(error, claimed.Refuses("bob", now)?.ToString());
        Assert.Null(claimed.Refuses("alice", now));
    }

    [Theory]
    [InlineData(59.999, false)]
    [InlineData(60, true)]
    public void A_claim_is_renewed_when_half_of_it_is_over(double seconds, bool renewed)
    {
        var (_, claimed) = Pending.Claim("alice", T0);
        var now = T0 + TimeSpan.FromSeconds(seconds);
        var (error, again) = claimed.Claim("alice", now);
        Assert.Null(error);
        Assert.Equal(renewed ? now + Pairing.ClaimLifetime : claimed.ClaimedUntil, again.ClaimedUntil);
    }

    [Fact]
    public void User_ids_are_compared_by_their_characters()
    {
        var (_, claimed) = Pending.Claim("alice", T0);
        Assert.Equal(nameof(DecisionError.NotFound), claimed.Refuses("Alice", T0)?.ToString());
    }

    [Theory]
    [InlineData(59.999, true, false)]
    [InlineData(60, false, true)]
    public void The_answer_is_repeated_for_a_minute_and_a_replay_from_then_on(double seconds, bool repeated, bool replay)
    {
        var key = TestData.NewHash();
        var (_, approved) = Pending.Approve("alice", TestData.NewGrant(), T0);
        var (_, redeemed) = approved.PollError("tv", key, T0);
        var now = T0 + TimeSpan.FromSeconds(seconds);
        Assert.Equal(repeated, redeemed.PollError("tv", key, now).Error is null);
        Assert.Equal(replay, redeemed.IsReplayed("tv", now));
        Assert.False(redeemed.IsReplayed("radio", now));
        Assert.False(redeemed.IsReplayed(null, now));
        Assert.False(approved.IsReplayed("tv", now));
    }

    [Theory]
    [InlineData(59.999, true)]
    [InlineData(60, false)] // from then on it is a replay
    public void A_second_holder_of_a_used_code_is_suspected_for_a_minute(double seconds, bool isSuspected)
    {
        var (_, approved) = Pending.Approve("alice", TestData.NewGrant(), T0);
        var (_, redeemed) = approved.PollError("tv", TestData.NewHash(), T0);
        var (now, otherKey) = (T0 + TimeSpan.FromSeconds(seconds), TestData.NewHash());
        Assert.Equal(isSuspected, redeemed.IsReplaySuspected("tv", otherKey, null, now));
        Assert.False(redeemed.IsReplaySuspected("radio", otherKey, null, now));
        Assert.False(redeemed.IsReplaySuspected(null, otherKey, null, now));
        Assert.False(approved.IsReplaySuspected("tv", otherKey, null, now));
    }

    [Fact]
    public void A_redemption_without_a_key_is_never_repeated()
    {
        var (_, approved) = Pending.Approve("alice", TestData.NewGrant(), T0);
        var (_, redeemed) = approved.PollError("tv", null, T0);
        Assert.Equal(PairingError.InvalidGrant, redeemed.PollError("tv", null, T0).Error);
    }
}

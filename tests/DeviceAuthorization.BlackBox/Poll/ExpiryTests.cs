namespace DeviceAuthorization.BlackBox;

/// <summary>What takes a minute: raised intervals, and codes that expire (rows 63, 67 to 69, 81 and 90). <see cref="ExpiryStory"/> has the answers.</summary>
public abstract class ExpiryTests(Store store)
{
    [SkippableFact]
    [Trait("Row", "63")]
    public async Task After_one_slow_down_the_interval_is_ten_seconds_for_good()
    {
        var expiry = await store.ExpiryAsync();
        Assert.Equal(["authorization_pending", "slow_down", "slow_down"], expiry.PollsAtSix);
        Assert.Equal(["authorization_pending", "slow_down", "authorization_pending", "slow_down"], expiry.PollsAtEleven);
    }

    [SkippableFact]
    [Trait("Row", "67")]
    public async Task After_its_lifetime_every_code_is_expired_whatever_was_decided()
    {
        var expiry = await store.ExpiryAsync();
        Assert.Equal(["authorization_pending", "expired_token"], expiry.Pending); // a device at its interval is never too early
        Assert.Equal(["access_denied", "expired_token"], expiry.Denied);
        expiry.Approved.Refuses(400, "expired_token");
    }

    [SkippableFact]
    [Trait("Row", "68")]
    public async Task A_code_that_the_store_has_let_go_is_unknown() =>
        (await store.ExpiryAsync()).Purged.Refuses(400, "invalid_grant"); // the store does it after ten minutes: PairingFlowConformance, in process

    [SkippableFact]
    [Trait("Row", "69")]
    public async Task A_used_code_that_comes_back_after_a_minute_takes_its_token_away()
    {
        var (before, replay, after) = (await store.ExpiryAsync()).Replayed;
        before.Is(200);
        replay.Refuses(400, "invalid_grant");
        after.Challenges("invalid_token");
    }

    [SkippableFact]
    [Trait("Row", "81")]
    public async Task An_expired_code_gets_the_page_of_an_unknown_one_byte_by_byte()
    {
        var (expired, unknown) = (await store.ExpiryAsync()).Entered;
        Assert.Equal(unknown.IsGeneric().Scrubbed(), expired.IsGeneric().Scrubbed());
    }

    [SkippableFact]
    [Trait("Row", "90")]
    public async Task An_approval_after_the_expiry_gets_the_generic_answer()
    {
        // A millisecond before and after: DevicePairingPageTests.A_decision_counts_until_the_code_expires, in process.
        var (page, api) = (await store.ExpiryAsync()).LateApproval;
        page.IsGeneric();
        api.Refuses(404, null);
    }
}

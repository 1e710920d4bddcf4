using DeviceAuthorization.Flow;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary><see cref="PairingEvent.TokenEnded"/>: once for each token that was live, whatever ended it, and after the store has it.</summary>
public sealed class TokenEndedTests
{
    private readonly TestFlow _flow = new();

    [Fact]
    [Trait("RomM 5.4", "23")]
    public async Task A_revoked_token_ended()
    {
        var paired = await _flow.PairAsync("tv-1");
        await EndsAsync([paired], async () => Assert.NotNull(await _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default)));
        await EndsAsync([], () => _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default));
    }

    [Fact]
    [Trait("RomM 5.4", "127")]
    public async Task The_old_secret_of_a_renewed_token_ended()
    {
        var paired = await _flow.PairAsync("tv-1");
        await EndsAsync([paired], () => _flow.Tokens.RenewAsync("alice", null, paired.Issued.Id, default));
    }

    [Fact]
    public async Task A_token_that_is_revoked_while_it_is_renewed_stays_revoked()
    {
        var paired = await _flow.PairAsync("tv-1");
        var pause = _flow.Devices.PauseAfter(nameof(IDeviceRepository.ListTokensAsync));
        var renewing = _flow.Tokens.RenewAsync("alice", null, paired.Issued.Id, default);
        await pause.Reached;
        await EndsAsync([paired], () => _flow.Registry.RevokeTokenAsync("alice", paired.Issued.Id, default));
        pause.Release();
        Assert.Equal(TokenProblem.Gone, Assert.IsType<TokenResult.Refused>(await renewing).Problem);
    }

    [Fact]
    [Trait("RomM 5.4", "24, 130")]
    public async Task Each_token_of_a_removed_device_ended()
    {
        var flow = new TestFlow(options => options.ReplaceEarlierTokens = false, _flow);
        var (first, second, other) = (await flow.PairAsync("tv-1"), await flow.PairAsync("tv-1"), await flow.PairAsync("tv-2"));
        await EndsAsync([first, second], async () => Assert.True(await flow.Registry.RemoveAsync("alice", first.Issued.DeviceId!, default)), flow);
        Assert.True(await flow.IsLiveAsync(other.Token));
    }

    [Fact]
    [Trait("RomM 5.4", "25")]
    public async Task The_token_that_a_new_pairing_replaces_ended()
    {
        var first = await _flow.PairAsync("tv-1");
        await EndsAsync([first], () => _flow.PairAsync("tv-1"));
    }

    [Fact]
    [Trait("RomM 5.4", "132")]
    public async Task Nothing_ended_where_a_device_keeps_its_earlier_tokens()
    {
        var flow = new TestFlow(options => options.ReplaceEarlierTokens = false, _flow);
        await flow.PairAsync("tv-1");
        await EndsAsync([], () => flow.PairAsync("tv-1"), flow);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task All_tokens_of_a_user_who_is_signed_out_or_removed_ended(bool isRemoved)
    {
        var (first, second) = (await _flow.PairAsync("tv-1"), await _flow.PairAsync("tv-2"));
        await _flow.PairAsync("tv-1", "bob");
        await EndsAsync([first, second], () => isRemoved ? _flow.Access.RemoveUserAsync("alice") : _flow.Access.SignOutEverywhereAsync("alice"));
    }

    [Fact]
    public async Task A_replaced_token_ended_though_another_poll_redeems()
    {
        var first = await _flow.PairAsync("tv-1");
        var codes = await _flow.StartAsync("tv-1");
        await _flow.ApproveAsync(codes);
        await EndsAsync([first], async () =>
        {
            var redeems = _flow.Store.PauseBefore(nameof(IPairingStore.TryReplaceAsync));
            var issues = _flow.PollAsync(codes);
            await redeems.Reached;
            await _flow.RedeemAsync(codes);
            redeems.Release();
            await issues;
        });
    }

    [Fact]
    public async Task A_token_that_had_expired_did_not_end_again()
    {
        await _flow.PairAsync("tv-1");
        _flow.Clock.Advance(TimeSpan.FromDays(91));
        await EndsAsync([], () => _flow.Access.SignOutEverywhereAsync("alice"));
    }

    /// <summary>Runs a step, and compares which tokens ended with it.</summary>
    private async Task EndsAsync(PollResult.Paired[] expected, Func<Task> step, TestFlow? flow = null)
    {
        flow ??= _flow;
        var before = flow.Events.Ended.Count;
        await step();
        var ended = flow.Events.Ended.Skip(before).ToArray();
        Assert.Equal(expected.Select(paired => paired.Issued.Id).Order(), ended.Select(token => token.Id).Order());
        foreach (var paired in expected)
        {
            Assert.False(await flow.IsLiveAsync(paired.Token));
        }
    }
}

using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>User codes under the keys of the host.</summary>
public sealed class UserCodeKeyTests
{
    private static readonly string Old = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));
    private static readonly string New = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32));

    [Fact]
    [Trait("Row", "T-01")]
    public async Task With_a_key_a_code_is_kept_as_its_HMAC_and_found_by_it()
    {
        var flow = new TestFlow(options => options.UserCodeKeys.Add(Old));
        var codes = await flow.StartAsync();
        var expected = Convert.ToHexStringLower(HMACSHA256.HashData(Convert.FromBase64String(Old), Encoding.ASCII.GetBytes(codes.UserCode.Reveal())));
        Assert.Equal(expected, Assert.Single(flow.Store.Added).UserCodeHash);
        await flow.ApproveAsync(codes);
        await flow.RedeemAsync(codes);
    }

    [Fact]
    public async Task Without_a_key_a_code_is_kept_as_its_SHA_256()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var expected = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(codes.UserCode.Reveal())));
        Assert.Equal(expected, Assert.Single(flow.Store.Added).UserCodeHash);
    }

    [Fact]
    public async Task After_a_rotation_the_old_key_still_finds_live_codes_and_the_new_one_makes_new_ones()
    {
        var before = new TestFlow(options => options.UserCodeKeys.Add(Old));
        var (decided, open) = (await before.StartAsync(), await before.StartAsync());
        var after = new TestFlow(options => { options.UserCodeKeys.Add(New); options.UserCodeKeys.Add(Old); }, before);
        await after.ApproveAsync(decided);
        await after.RedeemAsync(decided);
        Assert.IsType<ApproverResult.Review>(await after.ClaimAsync(open));
        var fresh = await after.StartAsync();
        Assert.Equal(fresh.UserCode.Hash(Convert.FromBase64String(New)), after.Store.Added.Last().UserCodeHash);
        await after.ApproveAsync(fresh);

        var without = new TestFlow(options => options.UserCodeKeys.Add(New), before);
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await without.ClaimAsync(open)); // the old key is gone, and with it what it found
        Assert.IsType<ApproverResult.AlreadyDecided>(await without.ClaimAsync(fresh));
    }

    [Fact]
    [Trait("Row", "T-22")]
    public async Task A_look_up_asks_for_each_key_whatever_is_there()
    {
        var flow = new TestFlow(options => { options.UserCodeKeys.Add(New); options.UserCodeKeys.Add(Old); });
        var codes = await flow.StartAsync();
        var lookUps = 0;
        flow.Store.Passing = (member, after) =>
        {
            lookUps += member == nameof(IPairingStore.FindByUserCodeAsync) && !after ? 1 : 0;
            return Task.CompletedTask;
        };
        await flow.ClaimAsync(codes);
        Assert.Equal(2, lookUps);
        await flow.Approver.EnterAsync(TestData.Code("BCDF-GHJK"), new Approver("alice"));
        Assert.Equal(4, lookUps);
    }

    [Fact]
    public async Task A_code_that_is_in_use_under_the_old_key_is_not_drawn_again()
    {
        var before = new TestFlow(options =>
        {
            (options.UserCode.Alphabet, options.UserCode.Length) = ("B", 6); // there is one code only
            options.UserCodeKeys.Add(Old);
        });
        await before.StartAsync();
        var after = new TestFlow(
            options =>
            {
                (options.UserCode.Alphabet, options.UserCode.Length) = ("B", 6);
                options.UserCodeKeys.Add(New);
                options.UserCodeKeys.Add(Old);
            },
            before);
        Assert.IsType<StartResult.Unavailable>(await after.TryStartAsync());
    }
}

using System.Net;
using DeviceAuthorization.Pages;

namespace DeviceAuthorization.Testing;

/// <summary>The codes: drawn, typed, kept secret.</summary>
public abstract partial class PairingFlowConformance
{
    // Peers: a colliding user code cannot replace or shadow another pending request.
    [Fact]
    public async Task A_user_code_that_is_drawn_again_takes_no_other_devices_place()
    {
        var one = await StartAsync();
        var first = await one.Device(name: "First").StartAsync();
        var (taken, additions) = (one.Hash(first.UserCode), 0);
        var two = await StartAsync(adding: pairing => ++additions == 1 ? pairing with { UserCodeHash = taken } : pairing);
        var second = await two.Device(name: "Second").StartAsync();
        Assert.Equal(2, additions);
        foreach (var (codes, name) in new[] { (first, "First"), (second, "Second") })
        {
            Assert.Equal(name, Assert.IsType<ApproverAnswer.Found>(await two.Approver("alice").LookUpAsync(codes.UserCode)).DeviceName);
            Assert.IsType<DeviceAnswer.Pending>(await one.Device().PollAsync(codes));
        }
    }

    // Peers: a user code entered in lower case, spaced, dashed: found.
    [Fact]
    public async Task A_user_code_is_found_in_any_spelling()
    {
        var node = await StartAsync();
        var code = (await node.Device().StartAsync()).UserCode;
        var symbols = code.Replace("-", "", StringComparison.Ordinal);
        foreach (var spelling in new[] { code, symbols, new string([.. symbols.Select(char.ToLowerInvariant)]), string.Join(' ', symbols.ToCharArray()), $" {symbols[..2]}–{symbols[2..]} " })
        {
            Assert.IsType<ApproverAnswer.Found>(await node.Approver("alice").LookUpAsync(spelling));
        }
    }

    // Peers: a leading zero stays; and, as in the row before, a code with O for 0 is found.
    [Fact]
    public async Task A_leading_zero_survives_and_may_be_typed_as_a_letter()
    {
        var node = await StartAsync(options => options.UserCode = UserCodeFormat.Numeric);
        DeviceCodes codes;
        do
        {
            codes = await node.Device().StartAsync();
        }
        while (codes.UserCode[0] != '0'); // one in ten

        foreach (var typed in new[] { codes.UserCode, codes.UserCode.Replace('0', 'o') })
        {
            Assert.IsType<ApproverAnswer.Found>(await node.Approver("alice").LookUpAsync(typed));
        }

        Assert.IsType<ApproverAnswer.Approved>(await node.Approver("alice").ApproveAsync(codes.UserCode, Read));
        Assert.IsType<DeviceAnswer.Paired>(await node.Device().PollAsync(codes));
    }

    // Peers: unguessable, unbiased codes; a device code that is safe in a URL.
    [Fact]
    public async Task Codes_are_long_enough_safe_in_an_address_and_drawn_without_favourites()
    {
        var node = await StartAsync();
        var drawn = new List<DeviceCodes>();
        for (var i = 0; i < 100; i++)
        {
            drawn.Add(await node.Device().StartAsync());
        }

        Assert.Equal(100, drawn.Select(codes => codes.DeviceCode).Distinct(StringComparer.Ordinal).Count());
        Assert.All(drawn, codes => Assert.Equal(43, codes.DeviceCode.Length)); // 256 bits
        Assert.All(drawn, codes => Assert.Equal(codes.DeviceCode, Uri.EscapeDataString(codes.DeviceCode)));
        var symbols = drawn.SelectMany(codes => codes.UserCode.Where(char.IsLetter)).CountBy(symbol => symbol).ToArray();
        Assert.Equal(UserCodeFormat.Consonants, string.Concat(symbols.Select(symbol => symbol.Key).Order()));
        Assert.All(symbols, symbol => Assert.InRange(symbol.Value, 10, 90)); // 40 expected, with a deviation of 6
    }

    // Peers: opening a link alone never approves.
    [Fact]
    public async Task Opening_the_link_decides_nothing_and_claims_nothing()
    {
        var node = await StartAsync();
        var codes = await node.Device().StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, codes.VerificationUriComplete) { Headers = { { FakeApproverDefaults.UserHeader, "alice" } } };
        using var opened = await node.Http.SendAsync(request); // moves the code from the address into a cookie
        Assert.Equal(HttpStatusCode.SeeOther, opened.StatusCode);
        using var next = new HttpRequestMessage(HttpMethod.Get, opened.Headers.Location);
        next.Headers.Add(FakeApproverDefaults.UserHeader, "alice");
        next.Headers.Add("Cookie", opened.Headers.GetValues("Set-Cookie").Select(cookie => cookie.Split(';')[0]));
        using var page = await node.Http.SendAsync(next);
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.IsType<ApproverAnswer.Found>(await node.Approver("alice").LookUpAsync(codes.UserCode));
        Assert.IsType<DeviceAnswer.Pending>(await node.Device().PollAsync(codes));
        Assert.IsType<ApproverAnswer.Approved>(await node.Approver("bob").ApproveAsync(codes.UserCode, Read));
    }
}

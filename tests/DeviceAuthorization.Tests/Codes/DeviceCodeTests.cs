using System.Buffers.Text;

namespace DeviceAuthorization.Tests;

public sealed class DeviceCodeTests
{
    [Fact]
    public void A_code_is_256_bits_in_43_characters_of_base64url()
    {
        var code = DeviceCode.New().Reveal();
        Assert.Matches("^[A-Za-z0-9_-]{43}$", code);
        Assert.Equal(32, Base64Url.DecodeFromChars(code).Length);
    }

    [Fact]
    public void Every_bit_of_a_code_is_random() // each stands at 0 in half of the codes: six standard deviations and more allowed
    {
        var codes = Enumerable.Range(0, 10_000).Select(_ => Base64Url.DecodeFromChars(DeviceCode.New().Reveal())).ToArray();
        for (var bit = 0; bit < 256; bit++)
        {
            Assert.InRange(codes.Count(code => (code[bit / 8] >> (bit % 8) & 1) == 0), 4_650, 5_350);
        }
    }

    [Fact]
    public void A_code_that_was_made_is_read_and_hashes_alike()
    {
        var code = DeviceCode.New();
        Assert.True(DeviceCode.TryParse(code.Reveal(), out var read));
        Assert.Equal((code.Reveal(), code.Hash()), (read.Reveal(), read.Hash()));
        Assert.Matches("^[0-9a-f]{64}$", code.Hash());
    }

    [Fact]
    public void The_hash_is_SHA_256_of_the_characters() // what every stored record depends on
    {
        Assert.True(DeviceCode.TryParse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", out var code));
        Assert.Equal("0f007385b6f9d4b7eeb2748605afe1a984a0a3bfa3f014d09e2a784ce9e5cd1a", code.Hash());
    }

    [Fact]
    public void What_cannot_be_a_code_is_not_read()
    {
        var code = DeviceCode.New().Reveal();
        string?[] others =
        [
            null, "", " ", code[1..], code[..^1], code + "A", code + "=", code[1..] + "=", code[1..] + " ", " " + code[1..], code[1..] + "\n",
            code[1..] + "+", code[1..] + "/", code[1..] + ".", code[1..] + "%", code[1..] + "é", code[1..] + "\0", code[1..] + "Ａ", code[1..] + "٣",
            new string('A', 1_000_000), "WDJB-MJHT",
        ];
        Assert.All(others, other => Assert.False(DeviceCode.TryParse(other, out _)));
    }

    [Fact]
    public void A_printed_secret_says_only_what_it_is() => Assert.Equal(
        "DeviceCode(***) UserCode(***) DeviceToken(***)", $"{DeviceCode.New()} {UserCodeFormat.Standard.New()} {DeviceToken.New("da_")}");

    [Fact]
    public void A_code_with_another_case_is_another_code()
    {
        Assert.True(DeviceCode.TryParse(new string('a', 43), out var lower));
        Assert.True(DeviceCode.TryParse(new string('A', 43), out var upper));
        Assert.False(string.Equals(lower.Hash(), upper.Hash(), StringComparison.Ordinal));
    }
}

using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

public sealed class CodeHashTests
{
    [Fact]
    public void A_hash_in_hex_is_read_compared_and_written_as_it_was()
    {
        var hex = TestData.NewHash();
        Assert.Equal(hex, CodeHash.Parse(hex).ToHex());
        Assert.Equal(CodeHash.Parse(hex), CodeHash.Parse(new string(hex)));
        Assert.Equal(CodeHash.Parse(hex).GetHashCode(), CodeHash.Parse(hex).GetHashCode());
        for (var digit = 0; digit < hex.Length; digit++) // each digit counts
        {
            var other = string.Concat(hex.AsSpan(0, digit), hex[digit] == '0' ? "1" : "0", hex.AsSpan(digit + 1));
            Assert.NotEqual(CodeHash.Parse(hex), CodeHash.Parse(other));
        }

        Assert.DoesNotContain(hex[..8], $"{CodeHash.Parse(hex)}", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    [InlineData("zz00000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("0000000000000000000000000000000000000000000000000000000000000000 ")]
    public void What_is_no_hash_is_nobodys(string text)
    {
        Assert.False(CodeHash.TryParse(text, out _));
        Assert.Throws<ArgumentException>(() => CodeHash.Parse(text));
    }
}

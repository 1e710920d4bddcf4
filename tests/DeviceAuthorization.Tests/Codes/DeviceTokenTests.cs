using CsCheck;

namespace DeviceAuthorization.Tests;

public sealed class DeviceTokenTests
{
    private const string Prefix = "da_";
    private static readonly Gen<string> Tokens = Gen.Const(0).Select(_ => New());

    [Fact]
    public void A_token_is_prefix_and_49_letters_and_digits() // and so a b64token of RFC 6750 section 2.1
    {
        Assert.Matches("^da_[0-9A-Za-z]{49}$", New());
        Assert.Matches(@"^[A-Za-z0-9\-._~+/]+=*$", New());
    }

    [Fact]
    public void The_same_code_and_salt_give_the_same_token_and_others_another()
    {
        var (code, other) = (DeviceCode.New(), DeviceCode.New());
        string[] tokens =
        [
            DeviceToken.Derive(code, "salt", Prefix).Reveal(),
            DeviceToken.Derive(other, "salt", Prefix).Reveal(),
            DeviceToken.Derive(code, "Salt", Prefix).Reveal(),
            DeviceToken.Derive(code, "salt", "xy_").Reveal(),
        ];
        Assert.Equal(tokens[0], DeviceToken.Derive(code, "salt", Prefix).Reveal());
        Assert.Equal(4, tokens.Distinct(StringComparer.Ordinal).Count());
        Assert.False(string.Equals(tokens[0][3..46], tokens[1][3..46], StringComparison.Ordinal));
    }

    [Fact]
    public void A_known_code_and_salt_give_a_known_token() // a change here would break redemptions that run across an upgrade
    {
        Assert.True(DeviceCode.TryParse("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", out var code));
        Assert.Equal("da_JSAXqreWUR23P4NCzBgiQyZk9aS645B9KAcO5zaSONn17CpF4", DeviceToken.Derive(code, "salt", Prefix).Reveal());
    }

    [Theory]
    [InlineData("")]
    [InlineData(Prefix)]
    public void A_token_of_no_pairing_looks_like_any_other_and_is_never_the_same(string prefix)
    {
        var tokens = Enumerable.Range(0, 1000).Select(_ => DeviceToken.New(prefix).Reveal()).ToArray();
        Assert.Equal(1000, tokens.Distinct(StringComparer.Ordinal).Count());
        Assert.All(tokens, token => Assert.Matches($"^{prefix}[0-9A-Za-z]{{49}}$", token));
        Assert.All(tokens, token => Assert.True(DeviceToken.TryParse(token, prefix, out var read) && read.Reveal() == token));
    }

    [Fact]
    public void A_token_that_was_made_is_read_and_hashes_alike() => Tokens.Sample(token =>
        DeviceToken.TryParse(token, Prefix, out var read) && read.Reveal() == token && read.Hash().Length == 64);

    [Theory]
    [InlineData("")]
    [InlineData("My-Host_prefix_1")]
    public void Any_prefix_works(string prefix) =>
        Assert.True(DeviceToken.TryParse(DeviceToken.Derive(DeviceCode.New(), "salt", prefix).Reveal(), prefix, out _));

    [Fact]
    public void A_truncated_token_is_refused() => // ADV-29
        Gen.Select(Tokens, Gen.Int[1, 52]).Sample((token, cut) => !IsRead(token[..^cut]) && !IsRead(token[cut..]));

    [Fact]
    public void An_extended_token_is_refused() =>
        Gen.Select(Tokens, Gen.Int[0, 52], Gen.Char["0aZ=+-_ \n\0~é"]).Sample((token, at, more) => !IsRead(token.Insert(at, $"{more}")) && !IsRead(token + more));

    [Fact]
    public void A_token_with_one_character_changed_is_refused() =>
        Gen.Select(Tokens, Gen.Int[0, 51], Gen.Char["0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz=+-_/. "])
            .Where((token, at, other) => token[at] != other)
            .Sample((token, at, other) => !IsRead($"{token[..at]}{other}{token[(at + 1)..]}"));

    [Fact]
    public void A_token_in_another_case_is_refused() => Tokens.Sample(token =>
        !IsRead(token.ToUpperInvariant()) && !IsRead(token.ToLowerInvariant()) && !IsRead("DA_" + token[3..]));

    [Fact]
    public void A_token_with_two_characters_exchanged_is_refused() =>
        Gen.Select(Tokens, Gen.Int[3, 50]).Where((token, at) => token[at] != token[at + 1])
            .Sample((token, at) => !IsRead($"{token[..at]}{token[at + 1]}{token[at]}{token[(at + 2)..]}"));

    [Fact]
    public void A_token_of_another_prefix_or_none_is_refused()
    {
        var token = New();
        Assert.False(DeviceToken.TryParse(token, "xy_", out _));
        Assert.False(DeviceToken.TryParse(token, "", out _));
        Assert.False(DeviceToken.TryParse(token[3..], "", out _)); // the checksum covers the prefix
        Assert.False(IsRead(null));
        Assert.False(IsRead(""));
        Assert.False(IsRead(new string('0', 1_000_000)));
        Assert.False(IsRead("da_" + new string('0', 49)));
        Assert.Throws<ArgumentNullException>(() => DeviceToken.TryParse(token, null!, out _));
    }

    private static string New() => DeviceToken.Derive(DeviceCode.New(), "salt", Prefix).Reveal();

    private static bool IsRead(string? text) => DeviceToken.TryParse(text, Prefix, out _);
}

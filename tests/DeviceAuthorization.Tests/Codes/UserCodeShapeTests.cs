namespace DeviceAuthorization.Tests;

/// <summary>What codes look like when they are made, and which formats are sound.</summary>
public sealed class UserCodeShapeTests
{
    public static TheoryData<string, string, double> Presets => new()
    {
        { nameof(UserCodeFormat.Standard), "^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$", 34.6 },
        { nameof(UserCodeFormat.Large), "^[BCDFGHJKLMNPQRSTVWXZ]{5}-[BCDFGHJKLMNPQRSTVWXZ]{5}$", 43.2 },
        { nameof(UserCodeFormat.Numeric), "^[0-9]{4}-[0-9]{4}-[0-9]{4}$", 39.9 },
        { nameof(UserCodeFormat.RomM), "^[ABCDEFGHJKMNPQRSTUVWXYZ2-9]{4}-[ABCDEFGHJKMNPQRSTUVWXYZ2-9]{4}$", 39.6 },
    };

    [Theory]
    [MemberData(nameof(Presets))]
    public void A_preset_has_its_shape_and_its_strength(string preset, string grouped, double bits)
    {
        var format = (UserCodeFormat)typeof(UserCodeFormat).GetProperty(preset)!.GetValue(null)!;
        Assert.Null(format.Problem(allowWeak: false));
        Assert.Equal(bits, format.Bits, 0.05);
        for (var i = 0; i < 1000; i++)
        {
            var code = format.New();
            Assert.Matches(grouped, code.RevealGrouped());
            Assert.Equal(code.RevealGrouped().Replace("-", "", StringComparison.Ordinal), code.Reveal());
        }
    }

    [Fact]
    public void A_preset_that_a_host_changes_changes_for_that_host_only()
    {
        UserCodeFormat.Standard.Length = 12;
        Assert.Equal(8, UserCodeFormat.Standard.Length);
    }

    [Theory]
    [InlineData(6, "3-3")]
    [InlineData(7, "4-3")]
    [InlineData(8, "4-4")]
    [InlineData(9, "3-3-3")]
    [InlineData(10, "5-5")]
    [InlineData(11, "6-5")]
    [InlineData(12, "4-4-4")]
    [InlineData(13, "7-6")]
    [InlineData(14, "7-7")]
    [InlineData(15, "5-5-5")]
    [InlineData(16, "4-4-4-4")]
    public void A_code_is_shown_in_groups_of_four_or_else_five_or_three(int length, string groups) =>
        Assert.Equal(groups, string.Join('-', new UserCodeFormat { Length = length }.New().RevealGrouped().Split('-').Select(group => group.Length)));

    [Fact]
    public void Each_symbol_has_the_same_chance_at_each_place()
    {
        // Chi-square over 1,000,000 symbols, 19 degrees of freedom: a fair source passes 80 once in 3e8 runs. A byte taken modulo 20, the
        // mistake this is for, gives about 980. The eight places have 125,000 symbols each, and the same threshold.
        var format = UserCodeFormat.Standard;
        var counts = new int[format.Length, format.Alphabet.Length];
        for (var i = 0; i < 125_000; i++)
        {
            var code = format.New().Reveal();
            for (var place = 0; place < code.Length; place++)
            {
                counts[place, format.Alphabet.IndexOf(code[place], StringComparison.Ordinal)]++;
            }
        }

        var places = Enumerable.Range(0, format.Length).Select(place => Enumerable.Range(0, format.Alphabet.Length).Select(symbol => counts[place, symbol]).ToArray()).ToArray();
        Assert.All(places, place => Assert.InRange(ChiSquare(place), 0, 80));
        Assert.InRange(ChiSquare([.. Enumerable.Range(0, format.Alphabet.Length).Select(symbol => places.Sum(place => place[symbol]))]), 0, 80);
    }

    [Theory]
    [InlineData(null, 8, "missing")]
    [InlineData("", 8, "bits")]
    [InlineData("BCDFGHJKLMNPQRSTVWXz", 8, "letters A to Z")]
    [InlineData("BCDFGHJKLMNPQRSTVWX-", 8, "letters A to Z")]
    [InlineData("BCDFGHJKLMNPQRSTVWXÉ", 8, "letters A to Z")]
    [InlineData("BCDFGHJKLMNPQRSTVWXＢ", 8, "letters A to Z")]
    [InlineData("BCDFGHJKLMNPQRSTVWXB", 8, "repeats")]
    [InlineData("BCDFGHJKLMNPQRSTVW0O", 8, "0 and O")]
    [InlineData("BCDFGHJK1MNPQRSTVWXI", 8, "1 beside I or L")]
    [InlineData("BCDFGHJKLMNPQRSTVWX1", 8, "1 beside I or L")]
    [InlineData("0123456789", 10, "33.2 bits")]
    [InlineData("0123456789", 11, null)]
    [InlineData(UserCodeFormat.Consonants, 7, "30.3 bits")]
    [InlineData(UserCodeFormat.Consonants, 8, null)]
    [InlineData(UserCodeFormat.Consonants, 16, null)]
    [InlineData(UserCodeFormat.Consonants, 17, "from 6 to 16")]
    [InlineData(UserCodeFormat.Consonants, 5, "from 6 to 16")]
    [InlineData(UserCodeFormat.Consonants, -1, "from 6 to 16")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789", 6, "30.5 bits")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789", 7, null)]
    public void A_format_that_is_weak_or_misread_is_named(string? alphabet, int length, string? problem)
    {
        var found = new UserCodeFormat { Alphabet = alphabet!, Length = length }.Problem(allowWeak: false);
        Assert.Equal(problem is null, found is null);
        Assert.Contains(problem ?? "", found ?? "", StringComparison.Ordinal);
    }

    private static double ChiSquare(int[] counts)
    {
        var expected = counts.Sum() / (double)counts.Length;
        return counts.Sum(count => (count - expected) * (count - expected) / expected);
    }
}

using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

public sealed class AttemptBudgetTests
{
    [Theory]
    [InlineData("", 1, 1)]
    [InlineData("a", 0, 1)]
    [InlineData("a", -1, 1)]
    [InlineData("a", 1, 0.999)]
    [InlineData("a", 1, 31 * 86_400 + 0.001)]
    public void A_budget_that_makes_no_sense_cannot_be_made(string key, int limit, double seconds) =>
        Assert.ThrowsAny<ArgumentException>(() => new AttemptBudget(key, limit, TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void A_limiter_refuses_no_budgets_and_two_of_one_key()
    {
        var (one, other) = (new AttemptBudget("a", 1, TimeSpan.FromMinutes(1)), new AttemptBudget("b", 1, TimeSpan.FromMinutes(1)));
        AttemptBudget.Check([one, other]);
        Assert.Throws<ArgumentNullException>(() => AttemptBudget.Check(null!));
        Assert.Throws<ArgumentException>(() => AttemptBudget.Check([]));
        Assert.Throws<ArgumentException>(() => AttemptBudget.Check([one, other, one]));
    }

    [Fact]
    public void What_it_prints_names_nobody() =>
        Assert.Equal("AttemptBudget { Limit = 2, Window = 00:01:00 }", $"{new AttemptBudget("start:192.0.2.1", 2, TimeSpan.FromMinutes(1))}");

    [Fact]
    public void A_key_has_a_bound()
    {
        Assert.ThrowsAny<ArgumentException>(() => new AttemptBudget(new string('a', AttemptBudget.LongestKey + 1), 1, TimeSpan.FromMinutes(1)));
        Assert.Equal(AttemptBudget.LongestKey, new AttemptBudget(new string('a', AttemptBudget.LongestKey), 1, TimeSpan.FromMinutes(1)).Key.Length);
    }
}

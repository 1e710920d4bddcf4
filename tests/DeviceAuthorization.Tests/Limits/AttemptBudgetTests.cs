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
    public void A_key_has_a_bound()
    {
        Assert.ThrowsAny<ArgumentException>(() => new AttemptBudget(new string('a', AttemptBudget.LongestKey + 1), 1, TimeSpan.FromMinutes(1)));
        Assert.Equal(AttemptBudget.LongestKey, new AttemptBudget(new string('a', AttemptBudget.LongestKey), 1, TimeSpan.FromMinutes(1)).Key.Length);
    }
}

using CsCheck;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

public sealed class ExpiryOrderTests
{
    /// <summary>Compares it with a list that is searched.</summary>
    [Fact]
    public void The_first_that_is_due_is_among_those_of_the_earliest_second_however_they_came_and_went() =>
        Gen.Select(Gen.Int[0, 5_000], Gen.Int[0, 3]).Array[0, 100].Sample(steps =>
        {
            var (order, model) = (new ExpiryOrder(), new List<(StoredPairing Pairing, DateTimeOffset ExpiresAt)>());
            foreach (var (milliseconds, step) in steps)
            {
                if (step == 0 && model.Count > 0)
                {
                    var removed = milliseconds % model.Count;
                    order.Remove(model[removed].Pairing);
                    model.RemoveAt(removed);
                }
                else
                {
                    var expiresAt = TestData.Start.AddMilliseconds(milliseconds);
                    model.Add((new StoredPairing(TestData.NewPairing(), new SharedTexts()), expiresAt));
                    order.Add(model[^1].Pairing, expiresAt);
                }

                Assert.Equal(model.Count, order.Count);
                var earliest = model.Count == 0 ? 0 : model.Min(one => Second(one.ExpiresAt));
                Assert.Equal(model.Count == 0, order.First is null);
                Assert.True(order.First is null || Second(model.Single(one => one.Pairing == order.First).ExpiresAt) == earliest);
                var now = TestData.Start.AddMilliseconds(milliseconds);
                Assert.Equal(model.Any(one => one.ExpiresAt <= now.AddMilliseconds(-now.Millisecond)), order.FirstDue(now) is not null);
                Assert.Equal(
                    model.Where(one => one.ExpiresAt < now).Select(one => one.Pairing).ToHashSet(),
                    order.Around(now).Where(pairing => model.Single(one => one.Pairing == pairing).ExpiresAt < now).ToHashSet());
            }

            static double Second(DateTimeOffset time) => Math.Ceiling((time - TestData.Start).TotalSeconds);
        });
}

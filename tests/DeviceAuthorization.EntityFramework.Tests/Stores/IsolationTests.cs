using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>A database whose own default is stricter than READ COMMITTED fails transactions that wait for each other. The stores ask for what they need.</summary>
[Collection(PostgresTests.Name)]
public sealed class IsolationTests(PostgresServer server) : IDisposable
{
    private readonly PostgresDatabase _database = new(server, "Options=-c default_transaction_isolation=serializable");

    public void Dispose() => _database.Dispose();

    [Fact]
    public async Task A_users_tokens_that_are_issued_at_once_are_issued_as_far_as_the_limit_allows()
    {
        var issues = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(async () => await _database.CreateRepository()
            .TryIssueTokenAsync(TestData.NewUnboundToken(), new TokenIssueConditions(TestData.Start, 7, false), default))));
        Assert.Equal(7, issues.Count(issue => issue.Token is not null));
        Assert.Equal(13, issues.Count(issue => issue.IsOverLimit));
    }
}

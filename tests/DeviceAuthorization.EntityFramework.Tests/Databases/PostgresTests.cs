namespace DeviceAuthorization.Tests;

/// <summary>The tests that share a PostgreSQL server. They run one after the other, because they share its database too.</summary>
[CollectionDefinition(Name)]
public sealed class PostgresTests : ICollectionFixture<PostgresServer>
{
    public const string Name = "PostgreSQL";
}

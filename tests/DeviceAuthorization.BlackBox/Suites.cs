namespace DeviceAuthorization.BlackBox;

// Every suite runs on every store. The suites of one store run one after the other, because they share its hosts. A missing class fails EveryRowTests.

[CollectionDefinition(nameof(MemoryStore))]
public sealed class MemorySuites : ICollectionFixture<MemoryStore>;

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryStartTests(MemoryStore store) : StartTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemorySocketTests(MemoryStore store) : SocketTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryPublicClientTests(MemoryStore store) : PublicClientTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryBadPollTests(MemoryStore store) : BadPollTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryPollTests(MemoryStore store) : PollTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryExpiryTests(MemoryStore store) : ExpiryTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryDeviceNameTests(MemoryStore store) : DeviceNameTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryEnterCodeTests(MemoryStore store) : EnterCodeTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryDecisionTests(MemoryStore store) : DecisionTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryAccessTokenTests(MemoryStore store) : AccessTokenTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryLimitTests(MemoryStore store) : LimitTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryRegisteredClientTests(MemoryStore store) : RegisteredClientTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryRevocationTests(MemoryStore store) : RevocationTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryIntrospectionTests(MemoryStore store) : IntrospectionTests(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryMetadataTests(MemoryStore store) : MetadataTests(store);

[CollectionDefinition(nameof(SqliteStore))]
public sealed class SqliteSuites : ICollectionFixture<SqliteStore>;

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteStartTests(SqliteStore store) : StartTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteSocketTests(SqliteStore store) : SocketTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqlitePublicClientTests(SqliteStore store) : PublicClientTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteBadPollTests(SqliteStore store) : BadPollTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqlitePollTests(SqliteStore store) : PollTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteExpiryTests(SqliteStore store) : ExpiryTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteDeviceNameTests(SqliteStore store) : DeviceNameTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteEnterCodeTests(SqliteStore store) : EnterCodeTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteDecisionTests(SqliteStore store) : DecisionTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteAccessTokenTests(SqliteStore store) : AccessTokenTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteLimitTests(SqliteStore store) : LimitTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteRegisteredClientTests(SqliteStore store) : RegisteredClientTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteRevocationTests(SqliteStore store) : RevocationTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteIntrospectionTests(SqliteStore store) : IntrospectionTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteMetadataTests(SqliteStore store) : MetadataTests(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteOutageTests(SqliteStore store) : OutageTests(store);

[CollectionDefinition(nameof(PostgresStore))]
public sealed class PostgresSuites : ICollectionFixture<PostgresStore>;

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresStartTests(PostgresStore store) : StartTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresSocketTests(PostgresStore store) : SocketTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresPublicClientTests(PostgresStore store) : PublicClientTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresBadPollTests(PostgresStore store) : BadPollTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresPollTests(PostgresStore store) : PollTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresExpiryTests(PostgresStore store) : ExpiryTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresDeviceNameTests(PostgresStore store) : DeviceNameTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresEnterCodeTests(PostgresStore store) : EnterCodeTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresDecisionTests(PostgresStore store) : DecisionTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresAccessTokenTests(PostgresStore store) : AccessTokenTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresLimitTests(PostgresStore store) : LimitTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresRegisteredClientTests(PostgresStore store) : RegisteredClientTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresRevocationTests(PostgresStore store) : RevocationTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresIntrospectionTests(PostgresStore store) : IntrospectionTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresMetadataTests(PostgresStore store) : MetadataTests(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresOutageTests(PostgresStore store) : OutageTests(store);

[CollectionDefinition(nameof(RedisStore))]
public sealed class RedisSuites : ICollectionFixture<RedisStore>;

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisStartTests(RedisStore store) : StartTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisSocketTests(RedisStore store) : SocketTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisPublicClientTests(RedisStore store) : PublicClientTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisBadPollTests(RedisStore store) : BadPollTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisPollTests(RedisStore store) : PollTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisExpiryTests(RedisStore store) : ExpiryTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisDeviceNameTests(RedisStore store) : DeviceNameTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisEnterCodeTests(RedisStore store) : EnterCodeTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisDecisionTests(RedisStore store) : DecisionTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisAccessTokenTests(RedisStore store) : AccessTokenTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisLimitTests(RedisStore store) : LimitTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisRegisteredClientTests(RedisStore store) : RegisteredClientTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisRevocationTests(RedisStore store) : RevocationTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisIntrospectionTests(RedisStore store) : IntrospectionTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisMetadataTests(RedisStore store) : MetadataTests(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisOutageTests(RedisStore store) : OutageTests(store);

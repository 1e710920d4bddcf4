namespace DeviceAuthorization.BlackBox;

// Every suite on every store, the suites of one store one after the other: they share its hosts. A missing class fails EveryRowTests.

[CollectionDefinition(nameof(MemoryStore))]
public sealed class MemorySuites : ICollectionFixture<MemoryStore>;

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryStartRows(MemoryStore store) : StartRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemorySocketRows(MemoryStore store) : SocketRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryCredentialRows(MemoryStore store) : CredentialRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryPollRows(MemoryStore store) : PollRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryRedeemRows(MemoryStore store) : RedeemRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryMinuteRows(MemoryStore store) : MinuteRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryNameRows(MemoryStore store) : NameRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryPageRows(MemoryStore store) : PageRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryDecisionRows(MemoryStore store) : DecisionRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryApiRows(MemoryStore store) : ApiRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryLimitRows(MemoryStore store) : LimitRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryClientRows(MemoryStore store) : ClientRows(store);

[Collection(nameof(MemoryStore)), Trait("Store", "memory")]
public sealed class MemoryServerRows(MemoryStore store) : ServerRows(store);

[CollectionDefinition(nameof(SqliteStore))]
public sealed class SqliteSuites : ICollectionFixture<SqliteStore>;

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteStartRows(SqliteStore store) : StartRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteSocketRows(SqliteStore store) : SocketRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteCredentialRows(SqliteStore store) : CredentialRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqlitePollRows(SqliteStore store) : PollRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteRedeemRows(SqliteStore store) : RedeemRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteMinuteRows(SqliteStore store) : MinuteRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteNameRows(SqliteStore store) : NameRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqlitePageRows(SqliteStore store) : PageRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteDecisionRows(SqliteStore store) : DecisionRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteApiRows(SqliteStore store) : ApiRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteLimitRows(SqliteStore store) : LimitRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteClientRows(SqliteStore store) : ClientRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteServerRows(SqliteStore store) : ServerRows(store);

[Collection(nameof(SqliteStore)), Trait("Store", "sqlite")]
public sealed class SqliteOutageRows(SqliteStore store) : OutageRows(store);

[CollectionDefinition(nameof(PostgresStore))]
public sealed class PostgresSuites : ICollectionFixture<PostgresStore>;

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresStartRows(PostgresStore store) : StartRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresSocketRows(PostgresStore store) : SocketRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresCredentialRows(PostgresStore store) : CredentialRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresPollRows(PostgresStore store) : PollRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresRedeemRows(PostgresStore store) : RedeemRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresMinuteRows(PostgresStore store) : MinuteRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresNameRows(PostgresStore store) : NameRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresPageRows(PostgresStore store) : PageRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresDecisionRows(PostgresStore store) : DecisionRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresApiRows(PostgresStore store) : ApiRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresLimitRows(PostgresStore store) : LimitRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresClientRows(PostgresStore store) : ClientRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresServerRows(PostgresStore store) : ServerRows(store);

[Collection(nameof(PostgresStore)), Trait("Store", "postgres")]
public sealed class PostgresOutageRows(PostgresStore store) : OutageRows(store);

[CollectionDefinition(nameof(RedisStore))]
public sealed class RedisSuites : ICollectionFixture<RedisStore>;

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisStartRows(RedisStore store) : StartRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisSocketRows(RedisStore store) : SocketRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisCredentialRows(RedisStore store) : CredentialRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisPollRows(RedisStore store) : PollRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisRedeemRows(RedisStore store) : RedeemRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisMinuteRows(RedisStore store) : MinuteRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisNameRows(RedisStore store) : NameRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisPageRows(RedisStore store) : PageRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisDecisionRows(RedisStore store) : DecisionRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisApiRows(RedisStore store) : ApiRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisLimitRows(RedisStore store) : LimitRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisClientRows(RedisStore store) : ClientRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisServerRows(RedisStore store) : ServerRows(store);

[Collection(nameof(RedisStore)), Trait("Store", "redis")]
public sealed class RedisOutageRows(RedisStore store) : OutageRows(store);

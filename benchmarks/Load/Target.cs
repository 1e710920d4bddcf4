namespace DeviceAuthorization.Benchmarks;

internal enum Column
{
    Start,
    Poll,
    Early,
    Approve,
    Redeem,
    Call,
}

/// <summary>A host to measure.</summary>
/// <param name="Name">What to write on the command line.</param>
/// <param name="DevicesIn">Where its devices are, which is what an authenticated call reads.</param>
internal sealed record Target(string Name, string Title, Store Store, Store DevicesIn, Wire Wire)
{
    public const string Memory = "memory";
    public const string Redis = "redis";
    public const string RedisAndPostgres = "redis-postgres"; // only for what two processes share
    public const string Sqlite = "sqlite";
    public const string Postgres = "postgres";
    public const string PostgresTuned = "postgres-tuned";
    public const string OpenIddict = "openiddict";

    public static readonly Target[] All =
    [
        new(Memory, "memory", Store.None, Store.None, Wire.Ours),
        new(Redis, "Redis pairings, devices in memory", Store.Redis, Store.None, Wire.Ours),
        new(Sqlite, "SQLite, durable", Store.Sqlite, Store.Sqlite, Wire.Ours),
        new(Postgres, "PostgreSQL, plain connection string", Store.Postgres, Store.Postgres, Wire.Ours),
        new(PostgresTuned, "PostgreSQL, context pool and `Max Auto Prepare=100`", Store.Postgres, Store.Postgres, Wire.Ours),
        new(OpenIddict, "OpenIddict 7.8 on PostgreSQL, tuned", Store.Postgres, Store.Postgres, Wire.OpenIddict),
    ];

    /// <summary>OpenIddict does not slow devices down.</summary>
    public bool Has(Column column) => column != Column.Early || Name != OpenIddict;
}

using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// Several statements sent as one command, for what LINQ cannot express: an INSERT under a condition. Names are those of the host's model, quoted by
/// its provider. Values are parameters in the types of their columns. The rest is plain SQL.
/// </summary>
internal sealed class SqlBatch(DbContext db)
{
    private readonly ISqlGenerationHelper _sql = db.GetService<ISqlGenerationHelper>();
    private readonly List<DbParameter> _parameters = [];

    public string Table<TRow>()
    {
        var type = Type<TRow>();
        return _sql.DelimitIdentifier(type.GetTableName()!, type.GetSchema());
    }

    public string Column<TRow>(string property) => Column(Type<TRow>().FindProperty(property)!);

    /// <summary>A value to compare with a column, or to write into it.</summary>
    public string Value<TRow>(string property, object? value)
    {
        using var command = db.Database.GetDbConnection().CreateCommand();
        return Value(command, Type<TRow>().FindProperty(property)!, value);
    }

    /// <summary>Starts an INSERT of a row. The caller appends the condition.</summary>
    public string Insert<TRow>(TRow row)
    {
        using var command = db.Database.GetDbConnection().CreateCommand();
        var properties = Type<TRow>().GetProperties().Where(property => property.PropertyInfo is not null).ToArray();
        return $"""
            INSERT INTO {Table<TRow>()} ({string.Join(", ", properties.Select(Column))})
            SELECT {string.Join(", ", properties.Select(property => Value(command, property, property.PropertyInfo!.GetValue(row))))}
            """;
    }

    /// <summary>
    /// Adds a row. Bypasses the change tracker, which accepts only proxies in a host with <c>UseChangeTrackingProxies</c>, and the host's own
    /// <c>SaveChanges</c>.
    /// </summary>
    public static Task AddAsync<TRow>(DbContext db, TRow row, CancellationToken cancellationToken) => db.Database.CreateExecutionStrategy().ExecuteAsync(() =>
    {
        var sql = new SqlBatch(db);
        return sql.ExecuteAsync(sql.Insert(row), cancellationToken);
    });

    /// <summary>Sends the command. Its last statement selects whole rows.</summary>
    public Task<List<TRow>> QueryAsync<TRow>(string sql, CancellationToken cancellationToken)
        where TRow : class =>
        db.Set<TRow>().FromSqlRaw(sql, [.. _parameters]).AsNoTracking().ToListAsync(cancellationToken);

    /// <summary>Sends the command.</summary>
    public Task<int> ExecuteAsync(string sql, CancellationToken cancellationToken) => db.Database.ExecuteSqlRawAsync(sql, _parameters, cancellationToken);

    private IEntityType Type<TRow>() => db.Model.FindEntityType(typeof(TRow))
        ?? throw new InvalidOperationException($"{db.GetType().Name} lacks the tables of device pairing: call modelBuilder.UseDeviceAuthorization() in its OnModelCreating.");

    private string Column(IProperty property) =>
        _sql.DelimitIdentifier(property.GetColumnName(StoreObjectIdentifier.Create(property.DeclaringType, StoreObjectType.Table)!.Value)!);

    private string Value(DbCommand command, IProperty property, object? value)
    {
        var parameter = property.GetRelationalTypeMapping().CreateParameter(command, $"@v{_parameters.Count}", value, property.IsNullable);
        _parameters.Add(parameter);
        return parameter.ParameterName;
    }
}

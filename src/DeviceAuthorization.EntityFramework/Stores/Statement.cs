using System.Globalization;
using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// One command of one or more statements, composed once for each model and then sent many times: to compose costs more than to send. Entity Framework
/// sends it, so the host's interceptors and logs see it. It bypasses the change tracker, which accepts only proxies in a host with
/// <c>UseChangeTrackingProxies</c>, and the host's own <c>SaveChanges</c>.
/// </summary>
/// <param name="compose">Writes the SQL. It has the names of the host's model, quoted by its provider; the rest is plain SQL.</param>
internal sealed class Statement(Func<SqlText, string> compose)
{
    private readonly PerModel<Composed> _composed = new(db =>
    {
        var command = db.GetService<IRelationalCommandBuilderFactory>().Create();
        var text = new SqlText(db, command);
        command.Append(compose(text));
        return new(command.Build(), [.. text.OfRow]);
    });

    private sealed record Composed(IRelationalCommand Command, (string Name, IClrPropertyGetter Getter)[] OfRow);

    /// <summary>Sends the command by the host's execution strategy, which may repeat it. In a transaction, that of the transaction counts.</summary>
    /// <param name="row">The row whose values are sent; null if the statement names all its values.</param>
    /// <param name="named">The other values.</param>
    /// <returns>How many rows changed.</returns>
    public Task<int> ExecuteAsync(DbContext db, object? row, CancellationToken cancellationToken, params (string Name, object? Value)[] named)
    {
        var composed = _composed.Of(db);
        return db.Database.CreateExecutionStrategy().ExecuteAsync(() => composed.Command.ExecuteNonQueryAsync(Arguments(db, composed, row, named), cancellationToken));
    }

    /// <summary>Sends the command once, as a part of a step that <see cref="OwnerTurn"/> repeats. Its last statement counts.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    /// <returns>The count.</returns>
    public async Task<long> CountAsync(DbContext db, object? row, CancellationToken cancellationToken, params (string Name, object? Value)[] named)
    {
        var composed = _composed.Of(db);
        return Convert.ToInt64(
            await composed.Command.ExecuteScalarAsync(Arguments(db, composed, row, named), cancellationToken).ConfigureAwait(false),
            CultureInfo.InvariantCulture);
    }

    private static RelationalCommandParameterObject Arguments(DbContext db, Composed composed, object? row, (string Name, object? Value)[] named)
    {
        var values = new Dictionary<string, object?>(composed.OfRow.Length + named.Length, StringComparer.Ordinal);
        foreach (var (name, getter) in composed.OfRow)
        {
            values[name] = getter.GetClrValue(row!);
        }

        foreach (var (name, value) in named)
        {
            values[name] = value;
        }

        return new(
            db.GetService<IRelationalConnection>(), values, null, db, db.GetService<IRelationalCommandDiagnosticsLogger>(), CommandSource.ExecuteUpdate);
    }
}

/// <summary>What one <see cref="Statement"/> says in the words of one model.</summary>
internal sealed class SqlText(DbContext db, IRelationalCommandBuilder command)
{
    private readonly ISqlGenerationHelper _sql = db.GetService<ISqlGenerationHelper>();
    private readonly HashSet<string> _names = new(StringComparer.Ordinal);

    /// <summary>The parameters whose values come from the row.</summary>
    public List<(string Name, IClrPropertyGetter Getter)> OfRow { get; } = [];

    public TableText<TRow> Table<TRow>() => new(this, RowType(db, typeof(TRow)));

    /// <summary>What the host's model says of one of our tables.</summary>
    public static IEntityType RowType(DbContext db, Type row) => db.Model.FindEntityType(row)
        ?? throw new InvalidOperationException($"{db.GetType().Name} lacks the tables of device pairing: call modelBuilder.UseDeviceAuthorization() in its OnModelCreating.");

    internal string Quote(string name, string? schema = null) => _sql.DelimitIdentifier(name, schema);

    internal string Parameter(string name, IProperty column)
    {
        var placeholder = _sql.GenerateParameterName(name);
        if (_names.Add(name))
        {
            command.AddParameter(name, placeholder, column.GetRelationalTypeMapping(), column.IsNullable);
        }

        return placeholder;
    }
}

/// <summary>One table in a <see cref="SqlText"/>. As a text, its name.</summary>
internal sealed class TableText<TRow>(SqlText sql, IEntityType type)
{
    /// <summary>The name of a column.</summary>
    public string this[Expression<Func<TRow, object?>> column] => Name(Property(column));

    /// <summary>The value that the row has in a column.</summary>
    public string Value(Expression<Func<TRow, object?>> column) => Value(Property(column));

    /// <summary>A named value, in the type of a column.</summary>
    public string Value(Expression<Func<TRow, object?>> column, string name) => sql.Parameter(name, Property(column));

    /// <summary><c>column = value of the row</c>, for each of the columns.</summary>
    public string Set(params Expression<Func<TRow, object?>>[] columns) => string.Join(", ", columns.Select(Property).Select(column => $"{Name(column)} = {Value(column)}"));

    /// <summary>Starts an INSERT of the row. A condition may follow.</summary>
    public string Insert()
    {
        var columns = type.GetProperties().Where(property => property.PropertyInfo is not null).ToArray();
        return $"INSERT INTO {this} ({string.Join(", ", columns.Select(Name))}) SELECT {string.Join(", ", columns.Select(Value))}";
    }

    public override string ToString() => sql.Quote(type.GetTableName()!, type.GetSchema());

    private string Name(IProperty property) =>
        sql.Quote(property.GetColumnName(StoreObjectIdentifier.Create(type, StoreObjectType.Table)!.Value)!);

    private string Value(IProperty property)
    {
        var name = property.Name;
        if (!sql.OfRow.Exists(of => of.Name == name))
        {
            sql.OfRow.Add((name, property.GetGetter()));
        }

        return sql.Parameter(name, property);
    }

    private IProperty Property(Expression<Func<TRow, object?>> column)
    {
        var member = (MemberExpression)(column.Body is UnaryExpression convert ? convert.Operand : column.Body);
        return type.FindProperty(member.Member.Name)!;
    }
}

/// <summary>One value for each model. A host may have more than one: a schema for each tenant, for example.</summary>
internal sealed class PerModel<T>(Func<DbContext, T> create)
    where T : class
{
    private readonly ConditionalWeakTable<IModel, T> _values = [];

    public T Of(DbContext db) => _values.TryGetValue(db.Model, out var value) ? value : _values.GetValue(db.Model, _ => create(db));
}

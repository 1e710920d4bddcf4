using System.Data.Common;
using System.Net.Sockets;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Diagnostics;

/// <summary>
/// A failure that waiting does not end: the host's set-up or its own code is wrong. Only what is known for sure counts. Any other failure is taken
/// for an outage of a store, so that no device gives up during one.
/// </summary>
/// <param name="Key">The same for each repetition. It has no text of the request, so there are few.</param>
/// <param name="Cause">What is wrong, for the operator.</param>
internal sealed record Mistake(string Key, string Cause)
{
    // Assemblies whose InvalidOperationException means a missing registration, scheme, entity type or key. Never a database driver's: drivers throw it
    // for connections that broke, too.
    private static readonly string[] SetUp =
    [
        "Microsoft.Extensions.DependencyInjection",
        "Microsoft.Extensions.DependencyInjection.Abstractions",
        "Microsoft.AspNetCore.Authentication.Core",
        "Microsoft.EntityFrameworkCore",
        "DeviceAuthorization.EntityFramework",
    ];

    // SQLSTATE of undefined table, column and schema: PostgreSQL, and ODBC's, which MySQL has.
    private static readonly string[] Undefined = ["42P01", "42703", "3F000", "42S02", "42S22"];

    // SQLite and SQL Server have no SQLSTATE.
    private static readonly string[] UndefinedInWords = ["no such table", "no such column", "Invalid object name", "Invalid column name"];

    /// <summary>The mistake behind a failure; null if it may pass.</summary>
    /// <param name="services">Where the services of the host are created again, to see whether one of them cannot be.</param>
    public static Mistake? Behind(Exception exception, IServiceProvider services)
    {
        if (OfSetUp(exception) is { } known)
        {
            return known;
        }

        if (MayPass(exception))
        {
            return null;
        }

        return HostCode.ThatThrew(exception) is { } code ? Thrown($"{code} of the host failed", exception) : InService(services);
    }

    /// <summary>Whether the host's set-up is wrong for sure.</summary>
    public static bool IsOfSetUp(Exception exception) => OfSetUp(exception) is not null;

    /// <summary>Whether it may be an outage: of a store unless the set-up is wrong, of the host's own code only if it failed as databases and networks do.</summary>
    public static bool MayBeOutage(Exception exception) => !IsOfSetUp(exception) && (HostCode.ThatThrew(exception) is null || MayPass(exception));

    private static Mistake? OfSetUp(Exception exception)
    {
        if (Chain(exception).OfType<DbException>().FirstOrDefault(IsUndefined) is { } undefined)
        {
            return Known($"The database lacks a table or a column: {undefined.Message} Apply the host's migrations (dotnet ef database update).");
        }

        return exception is OptionsValidationException
            || (exception is InvalidOperationException { InnerException: null or CryptographicException } and not ObjectDisposedException && SetUp.Contains(exception.Source, StringComparer.Ordinal))
                ? Known(exception.Message)
                : null;
    }

    /// <summary>Whether it may be an outage, even if the host's own code met it.</summary>
    private static bool MayPass(Exception exception) => Chain(exception).Any(link =>
        link is DbException or IOException or SocketException or TimeoutException or HttpRequestException or OperationCanceledException);

    private static IEnumerable<Exception> Chain(Exception exception)
    {
        for (var link = exception; link is not null; link = link.InnerException)
        {
            yield return link;
        }
    }

    private static bool IsUndefined(DbException exception) =>
        Undefined.Contains(exception.SqlState, StringComparer.Ordinal)
        || UndefinedInWords.Any(words => exception.Message.Contains(words, StringComparison.OrdinalIgnoreCase));

    private static Mistake? InService(IServiceProvider services)
    {
        foreach (var type in services.GetRequiredService<HostServices>().Types)
        {
            try
            {
                services.GetService(type);
            }
            catch (Exception exception) when (!MayPass(exception))
            {
                return Thrown($"{(type.GenericTypeArguments is [var one] ? one : type).Name} of the host cannot be created", exception);
            }
        }

        return null;
    }

    private static Mistake Known(string cause) => new(cause, cause);

    private static Mistake Thrown(string what, Exception exception) => new($"{what}: {exception.GetType()}", $"{what}: {exception.GetType()}: {exception.Message}");
}

/// <summary>What a host may implement besides stores.</summary>
internal sealed record HostServices(params Type[] Types);

using System.Runtime.CompilerServices;

namespace DeviceAuthorization.Tests;

/// <summary>The walls of docs/architecture.md that a machine can keep.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Each room, and the rooms that it uses. A room uses only rooms that stand above it in this table.</summary>
    private const string Table = """
        Diagnostics:
        """;

    private static readonly string[] WithAspNetCore = ["Authentication", "Http", "RomM", "Http/Tokens", "Http/Devices", "Http/Flow", "Http/Metadata", "Pages", "Hosting"];

    private static readonly Rooms House = new();

    private static IEnumerable<Type> Types => typeof(DeviceFlow).Assembly.GetTypes()
        .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.FullName!.Contains('<'));

    /// <summary>The table shows every arrow, and no other: draw a new one here, after you have judged it.</summary>
    [Fact]
    public void The_table_shows_which_room_uses_which()
    {
        var uses = House.Arrows().ToLookup(arrow => arrow.From, arrow => arrow.To, StringComparer.Ordinal);
        var drawn = Table.Split('\n', StringSplitOptions.TrimEntries).Select(line => line.Split(':', StringSplitOptions.TrimEntries)[0]);
        Assert.Equal(Table, string.Join('\n', drawn.Union(House.All, StringComparer.Ordinal).Select(room =>
            $"{room}: {string.Join(", ", uses[room].Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))}".TrimEnd())));
    }

    [Fact]
    public void No_arrow_points_up()
    {
        var order = Table.Split('\n').Select(line => line.Split(':')[0]).ToList();
        Assert.Empty(House.Arrows().Where(arrow => order.IndexOf(arrow.To) > order.IndexOf(arrow.From)).Distinct());
    }

    [Fact]
    public void Internal_types_are_in_the_namespace_of_their_room() => Assert.Empty(Repository.Sources("src/DeviceAuthorization")
        .Where(source => !source.Lines.Any(line => line.StartsWith("public ", StringComparison.Ordinal) || line.StartsWith("    public static class", StringComparison.Ordinal)))
        .Where(source => !source.Lines.Contains($"namespace DeviceAuthorization.{Path.GetDirectoryName(source.Path)!.Replace('/', '.')};", StringComparer.Ordinal))
        .Select(source => source.Path));

    [Fact]
    public void Every_class_that_is_not_abstract_is_sealed() =>
        Assert.Empty(Types.Where(type => type is { IsClass: true, IsAbstract: false, IsSealed: false }).Select(type => type.FullName));

    [Fact]
    public void Public_types_are_where_their_users_look() => Assert.Empty(Types
        .Where(type => type.IsPublic)
        .Where(type => IsStatic(type) && type.IsDefined(typeof(ExtensionAttribute), inherit: false)
            ? type.Namespace is not ("Microsoft.Extensions.DependencyInjection" or "Microsoft.AspNetCore.Builder" or "Microsoft.AspNetCore.Http")
            : type.Namespace is not ("DeviceAuthorization" or "DeviceAuthorization.Storage" or "DeviceAuthorization.RomM"))
        .Select(type => type.FullName));

    [Fact]
    public void Only_the_upper_rooms_know_ASPNET_Core() => Assert.Empty(Repository.Sources("src/DeviceAuthorization")
        .Where(source => !WithAspNetCore.Contains(Path.GetDirectoryName(source.Path), StringComparer.Ordinal))
        .Where(source => source.Lines.Any(line => line.Contains("Microsoft.AspNetCore", StringComparison.Ordinal)))
        .Select(source => source.Path));

    private static bool IsStatic(Type type) => type is { IsAbstract: true, IsSealed: true };
}

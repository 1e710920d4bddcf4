using System.Runtime.CompilerServices;

namespace DeviceAuthorization.Tests;

/// <summary>The walls of docs/architecture.md that a machine can keep.</summary>
public sealed class ArchitectureTests
{
    /// <summary>Each room, and the rooms that it uses. A room uses only rooms that stand above it in this table.</summary>
    private const string Table = """
        Diagnostics:
        Secrets:
        Codes:
        Devices: Secrets
        Rules: Devices
        Options: Codes
        Storage: Diagnostics, Devices, Rules, Options
        Limits: Codes, Options, Storage
        Flow: Diagnostics, Codes, Devices, Rules, Options, Storage, Limits
        Http: Diagnostics, Codes, Devices, Rules, Options, Storage, Limits, Flow
        Authentication: Diagnostics, Codes, Devices, Rules, Options, Storage, Flow, Http
        RomM: Secrets, Codes, Devices, Rules, Options, Flow, Http
        Http/Tokens: Codes, Devices, Rules, Options, Storage, Flow, Http, Authentication, RomM
        Http/Devices: Diagnostics, Devices, Rules, Options, Storage, Flow, Http, Authentication, RomM
        Http/Flow: Diagnostics, Codes, Devices, Rules, Options, Storage, Flow, Http, Authentication, RomM, Http/Tokens
        Http/Metadata: Options, Http
        Pages: Diagnostics, Codes, Devices, Rules, Options, Storage, Flow, Http, Authentication
        Hosting: Diagnostics, Codes, Devices, Rules, Options, Storage, Limits, Flow, Http, Authentication, RomM, Http/Tokens, Http/Devices, Http/Flow, Http/Metadata, Pages
        """;

    private static readonly string[] WithAspNetCore = ["Authentication", "Http", "RomM", "Http/Tokens", "Http/Devices", "Http/Flow", "Http/Metadata", "Pages", "Hosting"];

    private static readonly List<string> Order = [.. Table.Split('\n').Select(line => line.Split(':')[0])];

    private static readonly Rooms House = new();

    private static IEnumerable<Type> Types => typeof(DeviceFlow).Assembly.GetTypes()
        .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.FullName!.Contains('<'));

    /// <summary>The table shows every arrow, and no other: draw a new one here, after you have judged it.</summary>
    [Fact]
    public void The_table_shows_which_room_uses_which()
    {
        var uses = House.Arrows().ToLookup(arrow => arrow.From, arrow => arrow.To, StringComparer.Ordinal);
        Assert.Equal(Table, string.Join('\n', Order.Union(House.All, StringComparer.Ordinal).Select(room =>
            $"{room}: {string.Join(", ", uses[room].Distinct(StringComparer.Ordinal).OrderBy(Order.IndexOf))}".TrimEnd())));
    }

    [Fact]
    public void No_arrow_points_down() =>
        Assert.Empty(House.Arrows().Where(arrow => Order.IndexOf(arrow.To) > Order.IndexOf(arrow.From)).Distinct());

    [Fact]
    public void Internal_types_are_in_the_namespace_of_their_room() => Assert.Empty(Repository.Sources("src/DeviceAuthorization")
        .Where(source => !source.Lines.Any(line => line.StartsWith("public ", StringComparison.Ordinal) || line.StartsWith("    public static class", StringComparison.Ordinal)))
        .Where(source => !source.Path.StartsWith("Options/", StringComparison.Ordinal)) // a namespace of that name would hide Microsoft's class Options
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
        .Where(source => source.Lines.Any(line => line.Contains("Microsoft.AspNetCore", StringComparison.Ordinal) && !line.TrimStart().StartsWith('"'))) // names of assemblies are no use of them
        .Select(source => source.Path));

    private static bool IsStatic(Type type) => type is { IsAbstract: true, IsSealed: true };
}

using System.Runtime.CompilerServices;

namespace DeviceAuthorization.Tests;

/// <summary>The walls of docs/architecture.md that a machine can keep.</summary>
public sealed class ArchitectureTests
{
    private static readonly string[] HttpFolders = ["Http/", "RomM/", "Authentication/", "Pages/", "Hosting/"];

    private static IEnumerable<Type> Types => typeof(DeviceFlow).Assembly.GetTypes()
        .Where(type => !type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !type.FullName!.Contains('<'));

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
    public void Only_the_outer_folders_know_ASPNET_Core() => Assert.Empty(Repository.Sources("src/DeviceAuthorization")
        .Where(source => !HttpFolders.Any(folder => source.Path.StartsWith(folder, StringComparison.Ordinal)))
        .Where(source => source.Lines.Any(line => line.Contains("Microsoft.AspNetCore", StringComparison.Ordinal)))
        .Select(source => source.Path));

    private static bool IsStatic(Type type) => type is { IsAbstract: true, IsSealed: true };
}

using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;

namespace DeviceAuthorization.Tests;

/// <summary>The rooms of the core: one for each folder of src/DeviceAuthorization. A type belongs to the room that its file is in.</summary>
internal sealed partial class Rooms
{
    private readonly Dictionary<string, string> _rooms = new(StringComparer.Ordinal);

    public Rooms()
    {
        foreach (var (path, lines) in Repository.Sources("src/DeviceAuthorization"))
        {
            var scope = "";
            foreach (var line in lines)
            {
                if (Namespace().Match(line) is { Success: true } space)
                {
                    scope = space.Groups[1].Value;
                }
                else if (Declaration().Match(line) is { Success: true } type)
                {
                    _rooms.TryAdd($"{scope}.{type.Groups[1].Value}", path[..path.LastIndexOf('/')]);
                }
            }
        }
    }

    /// <summary>Every room, in no order.</summary>
    public IEnumerable<string> All => _rooms.Values.Distinct(StringComparer.Ordinal);

    /// <summary>Each use of a type of one room by a type of another: (from, to, the two types).</summary>
    public IEnumerable<(string From, string To, string Types)> Arrows() =>
        from dependency in new ArchLoader().LoadAssembly(typeof(DeviceFlow).Assembly).Build().Types.SelectMany(type => type.Dependencies)
        let arrow = (From: RoomOf(dependency.Origin), To: RoomOf(dependency.Target), Types: $"{dependency.Origin.Name} -> {dependency.Target.Name}")
        where arrow.From is not null && arrow.To is not null && arrow.From != arrow.To
        select arrow!;

    private string? RoomOf(IType type)
    {
        var name = type.FullName.Split('+', '`', '/')[0];
        return _rooms.GetValueOrDefault(name);
    }

    [GeneratedRegex(@"^namespace ([\w.]+)")]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^(?:    )?(?:public|internal) (?:(?:sealed|static|abstract|readonly|partial|ref) )*(?:record struct|class|record|struct|interface|enum) (\w+)")]
    private static partial Regex Declaration();
}

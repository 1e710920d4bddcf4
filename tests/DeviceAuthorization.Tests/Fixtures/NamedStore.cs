using System.Reflection;

namespace DeviceAuthorization.Tests;

/// <summary>A store that has a name, and nothing else.</summary>
public class NamedStore : DispatchProxy
{
    private string? _name;

    public static T Create<T>(string name)
        where T : class
    {
        var store = Create<T, NamedStore>();
        ((NamedStore)(object)store)._name = name;
        return store;
    }

    public override string? ToString() => _name;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new NotSupportedException();
}

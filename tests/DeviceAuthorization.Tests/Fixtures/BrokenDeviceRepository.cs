using System.Reflection;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>A registry whose server is down; no answer may show the text of its exception.</summary>
public class BrokenDeviceRepository : DispatchProxy
{
    public const string Secret = "connection string with a password";

    public static IDeviceRepository Create() => Create<IDeviceRepository, BrokenDeviceRepository>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new IOException(Secret);
}

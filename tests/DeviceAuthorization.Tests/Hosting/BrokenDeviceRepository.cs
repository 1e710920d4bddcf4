using System.Reflection;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>A registry whose server is down; what the exception says must reach nobody.</summary>
public class BrokenDeviceRepository : DispatchProxy
{
    public const string Secret = "connection string with a password";

    public static IDeviceRepository Create() => Create<IDeviceRepository, BrokenDeviceRepository>();

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new IOException(Secret);
}

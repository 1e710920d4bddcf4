using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace DeviceAuthorization.Hosting;

/// <summary>
/// Finds keys in the host's configuration that are no settings, such as misspelt ones: binding ignores them, and a limit that the operator set would not hold.
/// </summary>
internal static class UnknownSettings
{
    // Sections that other packages read.
    private static readonly string[] Others = ["Redis"];

    /// <summary>The paths of the keys, such as <c>DeviceAuthorization:Securty</c>.</summary>
    public static IEnumerable<string> In(IConfiguration configuration)
    {
        var section = configuration.GetSection(DeviceAuthorizationOptions.SectionName);
        return
        [
            .. In(section, typeof(DeviceAuthorizationOptions).GetProperties()).Where(path => !Others.Any(other => Same(path, $"{section.Path}:{other}"))),
            .. In(section.GetSection(nameof(DeviceAuthorizationOptions.Page)), typeof(PairingPageOptions).GetProperties()),
            .. In(section.GetSection(nameof(DeviceAuthorizationOptions.RateLimits)), typeof(DeviceRateLimits).GetProperties()),
            .. In(section.GetSection(nameof(DeviceAuthorizationOptions.UserCode)), typeof(UserCodeFormat).GetProperties(BindingFlags.Public | BindingFlags.Instance)),
            .. In(section.GetSection(nameof(DeviceAuthorizationOptions.ManagementScopes)), typeof(ManagementScopes).GetProperties()),
            .. section.GetSection(nameof(DeviceAuthorizationOptions.Clients)).GetChildren().SelectMany(client => In(client, typeof(DeviceClient).GetProperties())),
        ];
    }

    private static IEnumerable<string> In(IConfigurationSection section, PropertyInfo[] settings) =>
        section.GetChildren().Where(child => !settings.Any(setting => Same(setting.Name, child.Key))).Select(child => child.Path);

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);
}

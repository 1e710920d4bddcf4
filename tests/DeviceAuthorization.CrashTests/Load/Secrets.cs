using System.Text.RegularExpressions;

namespace DeviceAuthorization.CrashTests;

/// <summary>What no log line may have.</summary>
internal static partial class Secrets
{
    /// <summary>
    /// A token, a device code (almost all have two digits, which names of methods do not) or a user code. An error of Redis may have a key, which is a hash.
    /// </summary>
    [GeneratedRegex("da_[0-9A-Za-z]{20}|(?<![0-9A-Za-z_-]|da:[a-z]:)(?=(?:[A-Za-z_-]*[0-9]){2})[0-9A-Za-z_-]{43}(?![0-9A-Za-z_-])|\\b[BCDFGHJKLMNPQRSTVWXZ]{4}-?[BCDFGHJKLMNPQRSTVWXZ]{4}\\b")]
    public static partial Regex Shape { get; }
}

using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>Where in Redis the pairings and the counted attempts are. Checked when the host starts.</summary>
public sealed class RedisPairingStoreOptions
{
    /// <summary>The configuration section that the settings are read from.</summary>
    public const string SectionName = DeviceAuthorizationOptions.SectionName + ":Redis";

    /// <summary>What every key starts with. Hosts that share a Redis and are not nodes of one another take different ones.</summary>
    /// <value><c>da:</c> by default; up to 64 ASCII letters, digits and <c>: - _ . { }</c>.</value>
    public string KeyPrefix { get; set; } = "da:";

    /// <summary>The number of the database; Redis Cluster has 0 only.</summary>
    /// <value><see langword="null"/> by default: the one that the connection names.</value>
    public int? Database { get; set; }
}

internal sealed class RedisPairingStoreOptionsValidator : IValidateOptions<RedisPairingStoreOptions>
{
    private const int LongestPrefix = 64;

    public ValidateOptionsResult Validate(string? name, RedisPairingStoreOptions options)
    {
        // Nothing that SCAN reads as a pattern.
        if (options.KeyPrefix is not { Length: <= LongestPrefix } || !options.KeyPrefix.All(c => char.IsAsciiLetterOrDigit(c) || ":-_.{}".Contains(c))
            || options.KeyPrefix.Contains("{}", StringComparison.Ordinal)) // an empty hash tag undoes those that follow it
        {
            return ValidateOptionsResult.Fail(
                $"{RedisPairingStoreOptions.SectionName}: KeyPrefix is '{options.KeyPrefix}'; it must be at most {LongestPrefix} ASCII letters, digits and : - _ . {{ }}, without an empty {{}}.");
        }

        return options.Database < 0
            ? ValidateOptionsResult.Fail($"{RedisPairingStoreOptions.SectionName}: Database is {options.Database}; it must be 0 or more.")
            : ValidateOptionsResult.Success;
    }
}

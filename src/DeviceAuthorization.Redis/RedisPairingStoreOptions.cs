using Microsoft.Extensions.Options;

namespace DeviceAuthorization;

/// <summary>Where Redis keeps the pairings and the counted attempts. Checked when the host starts.</summary>
public sealed class RedisPairingStoreOptions
{
    /// <summary>The configuration section of these settings.</summary>
    public const string SectionName = DeviceAuthorizationOptions.SectionName + ":Redis";

    /// <summary>The start of every key. Different hosts that share a Redis need different ones; nodes of one host need the same.</summary>
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
            || options.KeyPrefix.Contains("{}", StringComparison.Ordinal)) // an empty hash tag disables those after it
        {
            return ValidateOptionsResult.Fail(
                $"{RedisPairingStoreOptions.SectionName}: KeyPrefix is '{options.KeyPrefix}'; it must be at most {LongestPrefix} ASCII letters, digits and : - _ . {{ }}, without an empty {{}}.");
        }

        return options.Database < 0
            ? ValidateOptionsResult.Fail($"{RedisPairingStoreOptions.SectionName}: Database is {options.Database}; it must be 0 or more.")
            : ValidateOptionsResult.Success;
    }
}

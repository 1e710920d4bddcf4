using System.Globalization;
using DeviceAuthorization.Hosting;

namespace DeviceAuthorization.Limits;

/// <summary>
/// How likely blind guesses hit the user code of a live pairing within its lifetime: guesses × live pairings ÷ codes. A hit lets the
/// attacker pair someone's device with the attacker's account, or deny it.
/// </summary>
internal static class GuessOdds
{
    /// <summary>Above this the host logs a warning: about one in a million.</summary>
    private const double Warn = 1.0 / (1 << 20);

    /// <summary>Above this the host does not start: one in 4096.</summary>
    private const double Refuse = 1.0 / (1 << 12);

    /// <summary>What to change before the host may start; null if it may.</summary>
    public static string? Problem(DeviceAuthorizationOptions options) =>
        Of(options) is var odds && odds > Refuse && !options.AllowWeakUserCodes ? Advice(options, odds) + " Or set AllowWeakUserCodes." : null;

    /// <summary>What would be safer; null if the odds are low enough.</summary>
    public static string? Warning(DeviceAuthorizationOptions options) => Of(options) is var odds && odds > Warn ? Advice(options, odds) : null;

    /// <summary>With the library's limits off, the number of guesses is unknown: <see cref="StartUpWarnings"/> says so.</summary>
    private static double Of(DeviceAuthorizationOptions options)
    {
        var guesses = options.RateLimits is { Enabled: true, CodesInAll: var limit } ? Math.Max(limit, limit * (options.LongestPairingLifetime / TimeSpan.FromMinutes(10))) : 0;
        return guesses * options.MaxLivePairings / Math.Pow(2, options.UserCode.Bits);
    }

    private static string Advice(DeviceAuthorizationOptions options, double odds)
    {
        var better = options.UserCode.Bits < UserCodeFormat.Large.Bits ? "use UserCodeFormat.Large (UserCode:Length=10), or lower" : "make user codes longer, or lower";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"with {options.UserCode.Bits:0.0} bits, RateLimits.CodesInAll={options.RateLimits.CodesInAll} and MaxLivePairings={options.MaxLivePairings}, one in {1 / odds:0} lifetimes of a pairing is hit; {better} one of the two.");
    }
}

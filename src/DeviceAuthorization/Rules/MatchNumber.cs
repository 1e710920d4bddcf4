using System.Security.Cryptography;

namespace DeviceAuthorization.Rules;

/// <summary>The number that a device shows, and the ones to choose it from. Two digits from 1 to 9.</summary>
internal static class MatchNumber
{
    public static int New() => (RandomNumberGenerator.GetInt32(1, 10) * 10) + RandomNumberGenerator.GetInt32(1, 10);

    /// <summary>
    /// The number and two others, which differ from it and from each other in both digits. Each of the three has the same three, so they say
    /// nothing about which it is, and need not be kept: a page that is loaded again shows them again.
    /// </summary>
    public static IReadOnlyList<int> Choices(int number) => [.. new[] { number, Next(number), Next(Next(number)) }.Order()];

    /// <summary>The number in a form; null for anything that cannot be one.</summary>
    public static int? Read(string? text) => text is [>= '1' and <= '9' and var tens, >= '1' and <= '9' and var ones] ? ((tens - '0') * 10) + ones - '0' : null;

    /// <summary>Three steps around the circle of 1 to 9, in both digits: after three times one is back.</summary>
    private static int Next(int number) => (Step(number / 10) * 10) + Step(number % 10);

    private static int Step(int digit) => ((digit + 2) % 9) + 1;
}

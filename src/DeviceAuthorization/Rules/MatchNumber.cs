using System.Security.Cryptography;

namespace DeviceAuthorization.Rules;

/// <summary>The number that a device shows, and the numbers that the approver chooses from. Each has two digits from 1 to 9.</summary>
internal static class MatchNumber
{
    public static int New() => (RandomNumberGenerator.GetInt32(1, 10) * 10) + RandomNumberGenerator.GetInt32(1, 10);

    /// <summary>
    /// The number and two others; all three differ in both digits. Each of the three gives the same choices, so the choices do not reveal the
    /// right one. They need not be stored: a page that is loaded again computes them again.
    /// </summary>
    public static IReadOnlyList<int> Choices(int number) => [.. new[] { number, Next(number), Next(Next(number)) }.Order()];

    /// <summary>Reads the number in a form; null if it cannot be one.</summary>
    public static int? Read(string? text) => text is [>= '1' and <= '9' and var tens, >= '1' and <= '9' and var ones] ? ((tens - '0') * 10) + ones - '0' : null;

    /// <summary>Moves both digits three steps around the circle of 1 to 9. Three moves lead back to the number.</summary>
    private static int Next(int number) => (Step(number / 10) * 10) + Step(number % 10);

    private static int Step(int digit) => ((digit + 2) % 9) + 1;
}

namespace DeviceAuthorization;

/// <summary>The lifetimes an approver can choose from, in RomM's words.</summary>
internal static class TokenLifetimes
{
    public const string Choices = "30d, 90d, 1y, never";

    /// <summary>Reads a choice; none is the host's default.</summary>
    public static bool TryParse(string? choice, out TimeSpan? lifetime)
    {
        lifetime = choice switch
        {
            "30d" => TimeSpan.FromDays(30),
            "90d" => TimeSpan.FromDays(90),
            "1y" => TimeSpan.FromDays(365),
            "never" => Timeout.InfiniteTimeSpan,
            _ => null,
        };
        return lifetime is not null || choice is null;
    }
}

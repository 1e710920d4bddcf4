using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Testing;

/// <summary>The result of a poll. <see cref="Paired"/>, <see cref="Denied"/>, <see cref="Expired"/> and <see cref="Refused"/> end the pairing.</summary>
public abstract record DeviceAnswer
{
    private DeviceAnswer()
    {
    }

    /// <summary>Whether the device should stop polling.</summary>
    public bool IsFinal => this is not (Pending or SlowDown or Unavailable);

    /// <summary>The device has its token.</summary>
    /// <param name="AccessToken">The token.</param>
    /// <param name="Scopes">The granted scopes; in the form dialect, empty if the answer names none.</param>
    /// <param name="DeviceId">The id in the registry.</param>
    public sealed record Paired(string AccessToken, IReadOnlyList<string> Scopes, string DeviceId) : DeviceAnswer
    {
        /// <summary>Shows the device, not the token.</summary>
        public override string ToString() => $"Paired {{ DeviceId = {DeviceId} }}";
    }

    /// <summary>Nobody has decided yet, or the approver must still choose the number that the device shows.</summary>
    public sealed record Pending : DeviceAnswer
    {
        /// <summary>The number to show; <see langword="null"/> if there is none.</summary>
        public int? MatchNumber { get; init; }

        /// <summary>Whether the answer waited (<see cref="DeviceSimulator.Wait"/>). The device may then poll again at once.</summary>
        public bool WasHeld { get; init; }
    }

    /// <summary>Nobody has decided yet, and the poll came too soon.</summary>
    /// <param name="Interval">The new interval, if the server names it.</param>
    public sealed record SlowDown(TimeSpan? Interval) : DeviceAnswer;

    /// <summary>503, 429, or no answer at all: the state is unknown, so poll again.</summary>
    /// <param name="RetryAfter">The least time to wait, if the server names it.</param>
    public sealed record Unavailable(TimeSpan? RetryAfter) : DeviceAnswer;

    /// <summary>The approver denied the request.</summary>
    public sealed record Denied : DeviceAnswer;

    /// <summary>The pairing expired. In RomM's dialect also: the code is unknown or used.</summary>
    public sealed record Expired : DeviceAnswer;

    /// <summary>Any other answer.</summary>
    /// <param name="Error">Its <c>error</c>, such as <c>invalid_grant</c>; if it has none, the status, such as <c>HTTP 500</c>.</param>
    public sealed record Refused(string Error) : DeviceAnswer;
}

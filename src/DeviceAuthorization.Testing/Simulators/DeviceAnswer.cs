using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Testing;

/// <summary>What a poll came to. <see cref="Paired"/>, <see cref="Denied"/>, <see cref="Expired"/> and <see cref="Refused"/> end the pairing.</summary>
public abstract record DeviceAnswer
{
    private DeviceAnswer()
    {
    }

    /// <summary>Whether there is nothing more to poll for.</summary>
    public bool IsFinal => this is not (Pending or SlowDown or Unavailable);

    /// <summary>The device has its token.</summary>
    /// <param name="AccessToken">The token.</param>
    /// <param name="Scopes">What it may do; in the form dialect empty when the answer names none.</param>
    /// <param name="DeviceId">The id in the registry.</param>
    public sealed record Paired(string AccessToken, IReadOnlyList<string> Scopes, string DeviceId) : DeviceAnswer
    {
        /// <summary>Names the device, and does not show the token.</summary>
        public override string ToString() => $"Paired {{ DeviceId = {DeviceId} }}";
    }

    /// <summary>Nobody has decided yet, or the approver has still to choose the number that the device shows.</summary>
    public sealed record Pending : DeviceAnswer
    {
        /// <summary>The number to show; <see langword="null"/> while there is none.</summary>
        public int? MatchNumber { get; init; }
    }

    /// <summary>Nobody has decided yet, and the poll came too soon.</summary>
    /// <param name="Interval">The interval from now on, when the server names it.</param>
    public sealed record SlowDown(TimeSpan? Interval) : DeviceAnswer;

    /// <summary>503, 429, or no answer at all: nothing is known, poll again.</summary>
    /// <param name="RetryAfter">How long to wait at least, when the server says so.</param>
    public sealed record Unavailable(TimeSpan? RetryAfter) : DeviceAnswer;

    /// <summary>The approver said no.</summary>
    public sealed record Denied : DeviceAnswer;

    /// <summary>Too late; in RomM's dialect also: the code is unknown or used.</summary>
    public sealed record Expired : DeviceAnswer;

    /// <summary>Any other answer.</summary>
    /// <param name="Error">Its <c>error</c>, such as <c>invalid_grant</c>; the status, such as <c>HTTP 500</c>, when it has none.</param>
    public sealed record Refused(string Error) : DeviceAnswer;
}

using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>Keeps what it is asked to count, and always gives the same answer: by default that there is room.</summary>
internal sealed class RecordingLimiter : IAttemptLimiter
{
    public List<AttemptBudget> Asked { get; } = [];

    public int Calls { get; private set; }

    public TimeSpan? Answer { get; init; }

    public Exception? Failure { get; init; }

    public ValueTask<TimeSpan?> TryCountAsync(IReadOnlyList<AttemptBudget> budgets, CancellationToken cancellationToken)
    {
        Asked.AddRange(budgets);
        Calls++;
        return Failure is null ? ValueTask.FromResult(Answer) : throw Failure;
    }
}

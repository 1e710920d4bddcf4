using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;

namespace DeviceAuthorization.CrashTests;

/// <summary>Counts every answer of the hosts, and notes those that no host may give.</summary>
internal sealed class Traffic
{
    /// <summary>A request that is so young when a host is told to stop may not have reached it yet. The polls that hosts hold are older.</summary>
    private static readonly TimeSpan OnItsWay = TimeSpan.FromSeconds(3);

    /// <summary>A busy machine kept a store, or the host, longer than the timeout.</summary>
    private const string Slow = "503 although no store was away";

    private readonly ConcurrentDictionary<string, int> _counts = new(StringComparer.Ordinal);
    private long _storesAreBackAt;

    /// <summary>What was wrong with an answer, or with its absence.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    public int Requests => _counts.Values.Sum();

    /// <summary>Answers 503 while every store was there.</summary>
    public int Unexplained => _counts.GetValueOrDefault(Slow);

    public int Of(HttpStatusCode status) => _counts.GetValueOrDefault($"{(int)status}");

    /// <summary>A store is away.</summary>
    /// <param name="longer">How much longer the hosts may take to find it again.</param>
    public async Task WithoutStoreAsync(Func<Task> outage, TimeSpan longer)
    {
        Volatile.Write(ref _storesAreBackAt, long.MaxValue);
        await outage();
        Volatile.Write(ref _storesAreBackAt, Stopwatch.GetTimestamp() + (long)(longer.TotalSeconds * Stopwatch.Frequency));
    }

    public void Answered(HttpResponseMessage answer)
    {
        var status = (int)answer.StatusCode;
        Count(status == 503 && Stopwatch.GetTimestamp() > Volatile.Read(ref _storesAreBackAt) ? Slow : $"{status}");
        if (status is 429 or 503 ? answer.Headers.RetryAfter is null : status >= 500)
        {
            Faults.Enqueue($"{TimeProvider.System.GetUtcNow():T} {answer.RequestMessage!.Method} {answer.RequestMessage.RequestUri!.AbsolutePath}: {status}, Retry-After {answer.Headers.RetryAfter}");
        }
    }

    /// <summary>Only a host that was told to end may give no answer. If it may finish its requests, it also answers those that it had.</summary>
    public void Unanswered(HostProcess host, HttpRequestMessage request, long sentAt, Exception exception)
    {
        Count("none");
        if (host.EndedAt is not { } endedAt || (host.EndsGracefully && Stopwatch.GetElapsedTime(sentAt, endedAt) > OnItsWay))
        {
            Faults.Enqueue($"{TimeProvider.System.GetUtcNow():T} {request.Method} {request.RequestUri!.AbsolutePath}: {exception.GetType().Name} {exception.Message}");
        }
    }

    public override string ToString() => string.Join(", ", _counts.OrderBy(count => count.Key, StringComparer.Ordinal).Select(count => $"{count.Key} × {count.Value}"));

    private void Count(string outcome) => _counts.AddOrUpdate(outcome, 1, (_, count) => count + 1);
}

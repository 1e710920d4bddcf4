using System.Diagnostics;
using System.Net;
using System.Text;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Takes what is wanted out of an answer.</summary>
internal delegate void AnswerReader(int request, ReadOnlySpan<byte> body);

/// <summary>Requests and the one right answer to them.</summary>
/// <param name="Piece">What each answer's body contains.</param>
/// <param name="Once">Whether each request can be sent once only; otherwise they are sent in turn, again and again.</param>
internal sealed record Work(byte[][] Requests, int Status, string Piece, bool Once = false, AnswerReader? Read = null);

/// <summary>What was measured, for each request. CPU is in microseconds.</summary>
internal sealed record Measured(double ServerCpu, double StoreCpu, double PerSecond, TimeSpan P50, TimeSpan P99)
{
    public double Cpu => ServerCpu + StoreCpu;
}

/// <summary>Sends requests over several connections. Each connection sends its next request when it has the answer to its last one.</summary>
internal sealed class ClosedLoop(ServerProcess server, StoreServer store, Settings settings, CancellationToken stopped)
{
    private const double WarmUpShare = 0.25; // of requests that can be sent once only
    private const int WarmUpRequests = 1_000; // at least, of all others: a slow host needs more time until its code is compiled

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Sends all requests once, without measuring.</summary>
    public Task SendAllAsync(Work work)
    {
        var run = new Run(work with { Once = true }, settings.Connections);
        return run.RunAsync(server.Port, () => Task.WhenAny(run.AnsweredAsync(work.Requests.Length), Task.Delay(Patience, stopped)), stopped);
    }

    /// <summary>A new process first compiles what all requests share: without this, the column that comes first would pay for it.</summary>
    public Task WarmUpAsync(Work work) => new Run(work, settings.Connections).RunAsync(server.Port, () => Task.Delay(settings.WarmUp, stopped), stopped);

    /// <summary>Warms up, then measures for the set time, or until the requests that can be sent once only are used up.</summary>
    public async Task<Measured> MeasureAsync(Work work)
    {
        var run = new Run(work, settings.Connections);
        var (count, elapsed, serverCpu, storeCpu) = (0L, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
        await run.RunAsync(server.Port, MeasureAsync, stopped);
        return new Measured(
            serverCpu.TotalMicroseconds / count, storeCpu.TotalMicroseconds / count, count / elapsed.TotalSeconds, run.Latency(0.5), run.Latency(0.99));

        async Task MeasureAsync()
        {
            var warmUp = Task.Delay(settings.WarmUp, stopped);
            await (work.Once
                ? Task.WhenAny(run.AnsweredAsync((int)(work.Requests.Length * WarmUpShare)), warmUp)
                : Task.WhenAny(Task.WhenAll(run.AnsweredAsync(WarmUpRequests), warmUp), Task.Delay(Patience, stopped)));
            var (from, before, serverBefore, storeBefore) = (Stopwatch.GetTimestamp(), run.StartMeasuring(), CpuTime.Of(server.ProcessId), CpuTime.Of(store.ProcessId));
            await Task.WhenAny(run.AnsweredAsync(work.Once ? work.Requests.Length : int.MaxValue), Task.Delay(settings.Duration, stopped));
            (count, elapsed) = (Math.Max(1, run.Answered - before), Stopwatch.GetElapsedTime(from));
            (serverCpu, storeCpu) = (CpuTime.Of(server.ProcessId) - serverBefore, CpuTime.Of(store.ProcessId) - storeBefore);
        }
    }

    private sealed class Run(Work work, int connections)
    {
        private readonly List<long>[] _latencies = [.. Enumerable.Range(0, connections).Select(_ => new List<long>())];
        private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly byte[] _piece = Encoding.UTF8.GetBytes(work.Piece);
        private long[]? _sorted;
        private long _measuredFrom = long.MaxValue;
        private long _signalAt = long.MaxValue;
        private long _taken;
        private long _answered;
        private volatile bool _isOver;

        public long Answered => Interlocked.Read(ref _answered);

        /// <returns>How many requests were answered before.</returns>
        public long StartMeasuring()
        {
            Interlocked.Exchange(ref _measuredFrom, Stopwatch.GetTimestamp());
            return Answered;
        }

        /// <summary>Ends when that many requests are answered, or when the run is over. Only one wait at a time.</summary>
        public Task AnsweredAsync(int count)
        {
            _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _signalAt, count);
            return Answered >= count ? Task.CompletedTask : Task.WhenAny(_reached.Task, _over.Task);
        }

        /// <param name="until">What to do meanwhile. The run ends with it, or when all requests are used up.</param>
        public async Task RunAsync(int port, Func<Task> until, CancellationToken stopped)
        {
            var loops = Task.WhenAll(Enumerable.Range(0, connections).Select(connection => LoopAsync(connection, port)));
            var meanwhile = until();
            await Task.WhenAny(loops, meanwhile);
            Stop();
            await loops.WaitAsync(TimeSpan.FromMinutes(1), CancellationToken.None); // and throws what went wrong
            stopped.ThrowIfCancellationRequested();
            await meanwhile;
        }

        public TimeSpan Latency(double quantile)
        {
            _sorted ??= [.. _latencies.SelectMany(latencies => latencies).Order()];
            return _sorted is [] ? TimeSpan.Zero : Stopwatch.GetElapsedTime(0, _sorted[(int)(quantile * (_sorted.Length - 1))]);
        }

        private async Task LoopAsync(int number, int port)
        {
            try
            {
                using var connection = await HttpConnection.OpenAsync(port, new IPAddress([127, 0, (byte)(1 + (number / 250)), (byte)(1 + (number % 250))]));
                while (!_isOver && Interlocked.Increment(ref _taken) - 1 is var taken && !(work.Once && taken >= work.Requests.Length))
                {
                    await SendAsync(connection, (int)(taken % work.Requests.Length), _latencies[number]);
                }
            }
            catch
            {
                Stop();
                throw;
            }
        }

        private async ValueTask SendAsync(HttpConnection connection, int request, List<long> latencies)
        {
            var sent = Stopwatch.GetTimestamp();
            var answer = await connection.SendAsync(work.Requests[request]);
            if (sent >= Interlocked.Read(ref _measuredFrom))
            {
                latencies.Add(Stopwatch.GetTimestamp() - sent);
            }

            if (answer.Status != work.Status || answer.Body.Span.IndexOf(_piece) < 0)
            {
                throw new InvalidOperationException(
                    $"Expected {work.Status} with '{work.Piece}', got {answer.Status}: {Encoding.UTF8.GetString(answer.Body.Span)}\nto {Encoding.UTF8.GetString(work.Requests[request])}");
            }

            work.Read?.Invoke(request, answer.Body.Span);
            if (Interlocked.Increment(ref _answered) == Interlocked.Read(ref _signalAt))
            {
                _reached.TrySetResult();
            }
        }

        private void Stop()
        {
            _isOver = true;
            _over.TrySetResult();
        }
    }
}

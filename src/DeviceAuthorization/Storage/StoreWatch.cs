using System.Collections.Concurrent;
using DeviceAuthorization.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Storage;

/// <summary>
/// Watches the calls to the host's stores, and the questions to its policy. Each call ends within <see cref="DeviceAuthorizationOptions.StoreTimeout"/>, is measured, and tells an
/// outage apart from the next one: the log gets a line when it begins, one each half minute with what failed, and one when it is over.
/// </summary>
internal sealed class StoreWatch(Telemetry telemetry, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock, ILogger<StoreWatch> logger)
{
    /// <summary>How often an outage is logged while it lasts.</summary>
    public static readonly TimeSpan SummaryPeriod = TimeSpan.FromSeconds(30);

    /// <summary>For how long no call may have failed, until one that succeeds ends an outage. Otherwise a store that fails now and then would fill the log.</summary>
    public static readonly TimeSpan Calm = TimeSpan.FromSeconds(1);

    private const string Mark = "DeviceAuthorization.StoreWatch";

    private readonly ConcurrentDictionary<string, Outage> _outages = new(StringComparer.Ordinal);

    /// <summary>An outage that lasts.</summary>
    private sealed class Outage
    {
        public required DateTimeOffset Since { get; init; }

        public required DateTimeOffset LastFailure { get; set; }

        public required DateTimeOffset LastLine { get; set; }

        /// <summary>The call that failed last. Others may succeed meanwhile, such as reads while the disk is full.</summary>
        public required string LastCall { get; set; }

        public long Failed { get; set; }
    }

    /// <summary>Whether a failure was already logged as an outage.</summary>
    public static bool HasLogged(Exception exception) => exception.Data.Contains(Mark);

    public async ValueTask CallAsync<TState>(
        string store, string call, TState state, Func<TState, CancellationToken, ValueTask> run, CancellationToken cancellationToken) =>
        await CallAsync(store, call, (state, run), static async (both, token) =>
        {
            await both.run(both.state, token).ConfigureAwait(false);
            return true;
        }, cancellationToken).ConfigureAwait(false);

    /// <param name="store">The store: <c>pairings</c>, <c>devices</c>, <c>limits</c>, <c>signals</c>, or <c>accounts</c> for the host's policy.</param>
    /// <param name="call">The call, as the metric names it.</param>
    /// <param name="state">What <paramref name="run"/> needs.</param>
    /// <param name="run">Calls the store.</param>
    /// <param name="cancellationToken">A cancelled call is no failure.</param>
    /// <exception cref="TimeoutException">The store did not answer in time. It may still carry out the call.</exception>
    public async ValueTask<T> CallAsync<TState, T>(
        string store, string call, TState state, Func<TState, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        var (started, limit) = (clock.GetTimestamp(), options.Value.StoreTimeout);
        using var end = new CancellationTokenSource(limit, clock); // both count from here, not from when the client returns its task
        using var soon = new CancellationTokenSource(limit == Timeout.InfiniteTimeSpan ? limit : limit * 0.9, clock);
        using var bound = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, soon.Token);
        try
        {
            var running = run(state, bound.Token);

            // A client that ignores the token is left alone at the end of the bound, a little after those that obey it.
            var result = running.IsCompleted
                ? await running.ConfigureAwait(false)
                : await running.AsTask().WaitAsync(end.Token).ConfigureAwait(false);
            telemetry.Called(store, call, clock.GetElapsedTime(started), error: null);
            if (_outages.TryGetValue(store, out var outage))
            {
                Succeeded(store, call, outage);
            }

            return result;
        }
        catch (OperationCanceledException left) when (cancellationToken.IsCancellationRequested)
        {
            telemetry.Called(store, call, clock.GetElapsedTime(started), left.GetType()); // the caller waits no longer
            throw;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = exception is OperationCanceledException && bound.IsCancellationRequested
                ? new TimeoutException($"The store of {store} did not answer within {limit}.", exception)
                : exception;
            telemetry.Called(store, call, clock.GetElapsedTime(started), failure.GetType());
            if (Mistake.MayBeOutage(failure))
            {
                Failed(store, call, failure);
                failure.Data[Mark] = true;
            }

            if (ReferenceEquals(failure, exception))
            {
                throw;
            }

            throw failure;
        }
    }

    private void Failed(string store, string call, Exception exception)
    {
        var now = clock.GetUtcNow();
        var outage = _outages.GetOrAdd(store, static (_, at) => new Outage { Since = at, LastFailure = at, LastLine = DateTimeOffset.MinValue, LastCall = "" }, now);
        lock (outage)
        {
            (outage.LastFailure, outage.LastCall) = (now, call);
            outage.Failed++;
            if (outage.Failed == 1)
            {
                outage.LastLine = now;
                logger.StoreFailing(exception, store);
            }
            else if (now - outage.LastLine >= SummaryPeriod)
            {
                outage.LastLine = now;
                logger.StoreStillFailing(store, outage.Failed, (now - outage.Since).TotalSeconds);
            }
        }
    }

    private void Succeeded(string store, string call, Outage outage)
    {
        var now = clock.GetUtcNow();
        lock (outage)
        {
            if (now - outage.LastFailure >= (call == outage.LastCall ? Calm : SummaryPeriod) && _outages.TryRemove(KeyValuePair.Create(store, outage)))
            {
                logger.StoreBack(store, outage.Failed, (now - outage.Since).TotalSeconds);
            }
        }
    }
}

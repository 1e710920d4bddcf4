using System.Runtime.CompilerServices;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>
/// One pairing: the code to show, and the wait for the approver. <see cref="WatchAsync"/> and <see cref="WaitAsync"/> poll as RFC 8628 §3.5 says: no more often
/// than the server allows, longer after each trouble, and until the code expires.
/// </summary>
public sealed class DevicePairing
{
    internal const int DefaultInterval = 5; // RFC 8628 §3.2
    internal const int LongestInterval = 300;

    private const int SlowDown = 5; // RFC 8628 §3.5
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(60);

    /// <summary>How long a request that is in flight when the wait is cancelled may still take, and a withdrawal.</summary>
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(5);

    /// <summary>The last poll comes this long before the end. An answer that comes sooner than this, without a new number, was not held: some servers only repeat the header.</summary>
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SavedPairing _pairing;
    private readonly TimeSpan _lifetime;
    private readonly long _start;
    private readonly PairingClientOptions _options;
    private readonly Transport _transport;
    private readonly Requests _requests;
    private readonly TimeProvider _clock;

    private TimeSpan? _nextPoll; // since _start; null: there is no time for another
    private TimeSpan _backOff;
    private bool _mayHold;
    private int? _number;
    private PairingProgress? _ending;
    private int _isWatched;

    internal DevicePairing(
        SavedPairing pairing, TimeSpan left, long start, PairingClientOptions options, Transport transport, Requests requests, TimeProvider clock)
    {
        (_pairing, _lifetime, _start, _options, _transport, _requests, _clock) = (pairing, left, start, options, transport, requests, clock);
        _mayHold = options.MaxWait > TimeSpan.Zero;
        Schedule(Interval);
        _nextPoll ??= TimeSpan.Zero; // resumed at its end: one poll still finds an approval
    }

    /// <summary>The code that the approver types (RFC 8628 §3.2), without control characters.</summary>
    public string UserCode => _pairing.UserCode;

    /// <summary>Where the approver types it: http or https.</summary>
    public Uri VerificationUri => _pairing.VerificationUri;

    /// <summary>The same with the code in it, for a QR code. Show the code beside it, so that the approver can compare. Null if the server gives none.</summary>
    public Uri? VerificationUriComplete => _pairing.VerificationUriComplete;

    /// <summary>When the code expires, by the clock of this device.</summary>
    public DateTimeOffset ExpiresAt => _pairing.ExpiresAt;

    /// <summary>How long the code is still valid; zero when it is over. Setting the device's clock does not change it.</summary>
    public TimeSpan TimeLeft => Elapsed < _lifetime ? _lifetime - Elapsed : TimeSpan.Zero;

    private TimeSpan Elapsed => _clock.GetElapsedTime(_start);

    private TimeSpan Interval => TimeSpan.FromSeconds(_pairing.Interval);

    /// <summary>
    /// The pairing as JSON text, for <see cref="PairingClient.Resume"/> after a restart. The text is a secret: it contains the device code. Save once
    /// after the start; saving later too keeps a longer interval that the server asked for.
    /// </summary>
    public string Save() => JsonSerializer.Serialize(_pairing, ClientJson.Default.SavedPairing);

    /// <summary>
    /// Polls until the pairing ends, and reports each step. The sequence ends with exactly one of the endings of <see cref="PairingProgress"/>. After an ending, a
    /// new call gives the same ending.
    /// </summary>
    /// <param name="cancellationToken">
    /// Ends the wait. A poll in flight is finished first, in at most 5 seconds, because its answer could be the token: then the sequence ends with
    /// <see cref="PairingProgress.Connected"/> in spite of the cancellation. The pairing can be watched again, also after <see cref="Save"/> in another process.
    /// </param>
    /// <exception cref="InvalidOperationException">The pairing is being watched already.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled, and no token came.</exception>
    public async IAsyncEnumerable<PairingProgress> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        if (Interlocked.Exchange(ref _isWatched, 1) != 0)
        {
            throw new InvalidOperationException("The pairing is being watched already. One wait at a time.");
        }

        try
        {
            while (_ending is null)
            {
                var step = await NextAsync(cancellationToken).ConfigureAwait(false);
                if (_ending is null)
                {
                    yield return step!;
                }
            }

            yield return _ending;
        }
        finally
        {
            Volatile.Write(ref _isWatched, 0);
        }
    }

    /// <summary>Polls until the pairing ends.</summary>
    /// <param name="cancellationToken">Ends the wait as in <see cref="WatchAsync"/>: a token that comes with the last poll is returned in spite of it.</param>
    /// <exception cref="PairingException">The approver denied, the code expired, or the server refused. See <see cref="PairingException.Error"/>.</exception>
    /// <exception cref="InvalidOperationException">The pairing is being watched already.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled, and no token came.</exception>
    public async Task<IssuedToken> WaitAsync(CancellationToken cancellationToken = default)
    {
        PairingProgress? last = null;
        await foreach (var step in WatchAsync(cancellationToken).ConfigureAwait(false))
        {
            last = step;
        }

        return last switch
        {
            PairingProgress.Connected connected => connected.Token,
            PairingProgress.Denied => throw new PairingException("The approver denied the pairing.", "access_denied"),
            PairingProgress.Refused refused => throw new PairingException($"The server refused: {refused.Error}. {refused.Description}".TrimEnd(), refused.Error, refused.Description),
            _ => throw new PairingException("The code has expired.", "expired_token"),
        };
    }

    /// <summary>
    /// Tells the server that the device gives up, so that nobody can approve the code any more (RFC 7009, with the device code as token). A courtesy: it does nothing
    /// if the server has no endpoint for it or the pairing has ended, takes at most 5 seconds, and ignores a refusal. End the wait first.
    /// </summary>
    public async Task WithdrawAsync(CancellationToken cancellationToken = default)
    {
        if (_ending is not null || _pairing.RevocationEndpoint is null)
        {
            return;
        }

        using var request = _requests.Withdraw(_pairing);
        using var timeout = _clock.CancelAfter(Farewell);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        await _transport.SendAsync(request, either.Token).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Omits the device code.</summary>
    public override string ToString() => $"{nameof(DevicePairing)} {{ UserCode = {UserCode}, VerificationUri = {VerificationUri} }}";

    /// <summary>Waits for the next poll, polls, and reads the answer. An ending is in <see cref="_ending"/>.</summary>
    private async Task<PairingProgress?> NextAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await DelayUntilAsync(_nextPoll ?? _lifetime, cancellationToken).ConfigureAwait(false);
        if (_nextPoll is null)
        {
            return _ending = new PairingProgress.Expired();
        }

        var hold = _mayHold ? (int)Math.Min(_options.MaxWait.TotalSeconds, TimeLeft.TotalSeconds) : 0;
        var sent = Elapsed;
        var answer = await PollAsync(hold, cancellationToken).ConfigureAwait(false);
        if (hold > 0 && answer.Status == 0 && cancellationToken.IsCancellationRequested)
        {
            // The held poll was cut off. Had the server answered it with the token at that moment, this one fetches it.
            hold = 0;
            answer = await PollAsync(hold, cancellationToken).ConfigureAwait(false);
        }

        var step = Read(answer, hold, Elapsed - sent);
        if (_ending is not PairingProgress.Connected)
        {
            cancellationToken.ThrowIfCancellationRequested();
        }

        return step;
    }

    private async Task DelayUntilAsync(TimeSpan moment, CancellationToken cancellationToken)
    {
        if (moment - Elapsed is var delay && delay > TimeSpan.Zero)
        {
            await _clock.DelayAsync(delay, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>One request. A cancellation cuts a held one off at once, and gives a plain one 5 seconds.</summary>
    private async Task<Answer> PollAsync(int hold, CancellationToken cancellationToken)
    {
        using var request = _requests.Poll(_pairing, hold);
        using var flight = _clock.CancelAfter(PairingClient.AnswerTime + TimeSpan.FromSeconds(hold));
        using var cancelled = cancellationToken.Register(() =>
        {
            if (hold > 0)
            {
                flight.Cancel();
            }
            else
            {
                flight.CancelAfter(Farewell);
            }
        });
        return await _transport.SendAsync(request, flight.Token).ConfigureAwait(false);
    }

    /// <summary>What an answer means, and when the next poll is due.</summary>
    private PairingProgress? Read(Answer answer, int hold, TimeSpan took)
    {
        if (answer.IsSuccess && answer.Error is null && IssuedToken.Read(answer.Body, _options.Scope, _pairing.Server ?? _pairing.TokenEndpoint, _clock.GetUtcNow()) is { } token)
        {
            return _ending = new PairingProgress.Connected(token);
        }

        switch (answer.Error)
        {
            case "authorization_pending": // with any status: RFC 6749 says 400, others send 200, 403 or 428
                _backOff = TimeSpan.Zero;
                Take(answer.Body.Seconds("interval", LongestInterval));
                var number = (int?)answer.Body.Number("match_number");
                var isNewNumber = number is not null && number != _number;
                _number = number ?? _number;
                Schedule(hold > 0 && answer.SaysHeld && (took >= Second || isNewNumber) ? answer.RetryAfter : Longer(WaitTime(), answer.RetryAfter));
                return isNewNumber ? new PairingProgress.ShowNumber(number!.Value) : new PairingProgress.Waiting(TimeLeft);

            case "slow_down" when answer.Status < 500: // an outage does not make the server expect fewer polls for good
                _backOff = TimeSpan.Zero;
                _pairing.SlowDowns++;
                _pairing.Interval = Math.Min(Math.Max(_pairing.Interval + SlowDown, answer.Body.Seconds("interval", LongestInterval) ?? 0), LongestInterval);
                Schedule(Longer(WaitTime(), answer.RetryAfter));
                return new PairingProgress.Waiting(TimeLeft);

            case "access_denied" when !answer.MayPass:
                return _ending = new PairingProgress.Denied();

            case "expired_token" when !answer.MayPass:
                return _ending = new PairingProgress.Expired();

            // Success without token or error, and a redirect, are the page of a proxy or a captive network. A server that refuses says so.
            case var error when error is not ("temporarily_unavailable" or "server_error") && (answer.IsSuccess ? error is not null : answer.Status >= 400 && !answer.MayPass):
                return _ending = new PairingProgress.Refused(error ?? "invalid_response", answer.Description ?? (error is null ? answer.Explain() : null));

            default:
                if (hold > 0 && took >= Second && answer.Status is not (429 or 503))
                {
                    _mayHold = false; // something on the way cuts long requests
                }

                _backOff = _backOff == TimeSpan.Zero ? Interval : Longer(Interval, Shorter(_backOff + _backOff, LongestBackOff));
                Schedule(Longer(Longer(_backOff, WaitTime()), answer.RetryAfter));
                return new PairingProgress.Trouble(answer.Explain(), (_nextPoll ?? _lifetime) - Elapsed);
        }
    }

    /// <summary>Takes the interval of an answer. What a slow_down added stays (RFC 8628 §3.5), also if the server goes on naming its usual one.</summary>
    private void Take(int? interval)
    {
        if (interval is { } seconds && (_pairing.SlowDowns == 0 || seconds > _pairing.Interval))
        {
            _pairing.Interval = seconds;
        }
    }

    /// <summary>
    /// The clock of a virtual machine can run up to 30 % fast, and a server that counts the same seconds then asks to slow down again and again. From
    /// the second time on, the client waits longer than the interval.
    /// </summary>
    private TimeSpan WaitTime() => _pairing.SlowDowns < 2 ? Interval : TimeSpan.FromTicks(Interval.Ticks * 14 / 10);

    /// <summary>Sets the next poll. If it would come too late, the last one goes out just before the end.</summary>
    private void Schedule(TimeSpan wait)
    {
        var (now, last) = (Elapsed, _lifetime - Second);
        _nextPoll = now + wait < last ? now + wait
            : now < last ? last
            : null;
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;
}

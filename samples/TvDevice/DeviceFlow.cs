using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace TvDevice;

/// <summary>The device's side of RFC 8628: ask for the codes, then poll until the owner has decided.</summary>
/// <param name="notes">Gets a line each time the server gives no usable answer and the device will try again.</param>
internal sealed class DeviceFlow(HttpClient http, TimeProvider clock, TextWriter notes)
{
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(60);

    /// <summary>The device authorization request (RFC 8628 §3.1).</summary>
    public Task<Answer<DeviceCodes>> StartAsync(Dictionary<string, string> form, CancellationToken cancellationToken) =>
        PostAsync("api/auth/device/init", form, idempotencyKey: null, AnswerJson.Default.DeviceCodes, cancellationToken);

    /// <summary>Asks for the token (RFC 8628 §3.4, §3.5) no more often than the server allows.</summary>
    /// <param name="clientId">The app.</param>
    /// <param name="codes">What <see cref="StartAsync"/> gave.</param>
    /// <param name="showNumber">Gets the number that the owner compares, when the server sends one.</param>
    /// <param name="cancellationToken">Stops the loop.</param>
    /// <returns>The token, or what ended the pairing. It is <c>expired_token</c> also when the lifetime of the codes is over.</returns>
    public async Task<Answer<DeviceToken>> PollAsync(string clientId, DeviceCodes codes, Action<int> showNumber, CancellationToken cancellationToken)
    {
        Dictionary<string, string> form = new(StringComparer.Ordinal)
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code",
            ["device_code"] = codes.DeviceCode,
            ["client_id"] = clientId,
        };

        // The same for every poll. If an answer with the token is lost, a server that knows the header sends the token again.
        var idempotencyKey = RandomNumberGenerator.GetHexString(32, lowercase: true);

        var start = clock.GetTimestamp();
        var lifetime = TimeSpan.FromSeconds(Math.Clamp(codes.ExpiresIn, 0, 86_400)); // no timer runs for 50 days
        var interval = TimeSpan.FromSeconds(codes.Interval is > 0 and var seconds ? seconds : 5);
        var wait = interval;
        int? shown = null;
        while (clock.GetElapsedTime(start) + wait < lifetime)
        {
            await Task.Delay(wait, clock, cancellationToken);
            var answer = await PostAsync(
                "api/auth/device/token", form, idempotencyKey, AnswerJson.Default.DeviceToken, cancellationToken);
            switch (answer)
            {
                case { Error: { Error: "authorization_pending" } error }:
                    wait = interval;
                    if (error.MatchNumber is { } number && number != shown)
                    {
                        showNumber(number);
                        shown = number;
                    }

                    break;
                case { Error: { Error: "slow_down" } error }:
                    wait = interval = Longer(interval + TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(error.Interval ?? 0));
                    break;
                case { MayPass: true }:
                    wait = Longer(interval, wait * 2 < LongestBackoff ? wait * 2 : LongestBackoff);
                    await notes.WriteLineAsync($"No usable answer from the server ({answer.Trouble}), trying again.");
                    break;
                default:
                    return answer;
            }

            wait = Longer(wait, answer.RetryAfter);
        }

        // The next poll would come too late. But the codes still live for a moment, so do not report them as expired yet.
        await Task.Delay(Longer(lifetime - clock.GetElapsedTime(start), TimeSpan.Zero), clock, cancellationToken);
        return new(Error: new OAuthError("expired_token"));
    }

    private async Task<Answer<T>> PostAsync<T>(
        string path, Dictionary<string, string> form, string? idempotencyKey, JsonTypeInfo<T> json, CancellationToken cancellationToken)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new FormUrlEncodedContent(form.Where(field => field.Value.Length > 0)), // empty is as good as absent: RFC 6749 §3.1
        };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            var body = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            var status = (int)response.StatusCode;
            var value = status is 200 or 201 ? TryRead(body, json) : null;
            var error = status is >= 400 and < 500 ? TryRead(body, AnswerJson.Default.OAuthError) : null;
            return new(value, error)
            {
                Trouble = value is null && error is null ? $"status {status}, not in the words of RFC 8628" : null,
                MayPass = error is null && status is (408 or 429 or >= 500),
                RetryAfter = response.Headers.RetryAfter switch
                {
                    { Delta: { } delay } => delay,
                    { Date: { } date } => date - clock.GetUtcNow(),
                    _ => TimeSpan.Zero,
                },
            };
        }
        catch (HttpRequestException e)
        {
            return new(Trouble: e.Message.TrimEnd('.')) { MayPass = true };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(Trouble: "none in time") { MayPass = true };
        }
    }

    private static T? TryRead<T>(byte[] body, JsonTypeInfo<T> json)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, json);
        }
        catch (JsonException)
        {
            return null; // a proxy's page, or a server of something else
        }
    }

    private static TimeSpan Longer(TimeSpan one, TimeSpan other) => one > other ? one : other;
}

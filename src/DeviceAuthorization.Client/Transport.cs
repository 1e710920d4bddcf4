using System.Net.Http.Headers;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>Sends requests and reads answers. A broken network, a broken server and a cancelled request are answers, too.</summary>
internal sealed class Transport(HttpClient http, TimeProvider clock)
{
    private const int LongestBody = 1 << 20;
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromDays(1);
    private static readonly MediaTypeWithQualityHeaderValue Json = new("application/json"); // GitHub answers with a form otherwise

    public async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request.RequestUri!;
        request.Headers.Accept.Add(Json);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            var status = (int)response.StatusCode;
            var reached = response.RequestMessage?.RequestUri ?? asked;
            if (status is >= 300 and < 400 || reached != asked)
            {
                var target = reached != asked ? reached : response.Headers.Location;
                return new() { Status = 300, Problem = $"a redirect to {PlainText.Of(target?.ToString()) ?? "nowhere"}, which is not followed" };
            }

            var body = await ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
            return new()
            {
                Status = status,
                Body = body ?? default,
                Problem = body is null ? $"status {status}, not in the words of RFC 8628" : null,
                RetryAfter = RetryAfter(response.Headers.RetryAfter),
                SaysHeld = response.Headers.TryGetValues("Preference-Applied", out var applied)
                    && applied.SelectMany(value => value.Split(',')).Any(value => value.Split('=')[0].Trim().Equals("wait", StringComparison.OrdinalIgnoreCase)),
            };
        }
        catch (OperationCanceledException)
        {
            return new() { Problem = "no answer in time" };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidDataException) // the last: broken compression
        {
            return new() { Problem = PlainText.Of((e.InnerException ?? e).Message.TrimEnd('.')) };
        }
    }

    /// <summary>The JSON object in a body; null if there is none, or it is too long.</summary>
    private static async Task<JsonElement?> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
#if NET
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
#else
        var stream = await content.ReadAsStreamAsync().ConfigureAwait(false);
#endif
        using (stream)
        {
            var body = new MemoryStream();
            var chunk = new byte[4096];
            int read;
#pragma warning disable CA1835 // netstandard2.0 has no other
            while ((read = await stream.ReadAsync(chunk, 0, chunk.Length, cancellationToken).ConfigureAwait(false)) > 0)
#pragma warning restore CA1835
            {
                body.Write(chunk, 0, read);
                if (body.Length > LongestBody)
                {
                    return null;
                }
            }

            try
            {
                using var document = JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length));
                return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone() : null;
            }
            catch (JsonException)
            {
                return null; // a proxy's page, or a server of something else
            }
        }
    }

    private TimeSpan RetryAfter(RetryConditionHeaderValue? header)
    {
        var delay = header switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - clock.GetUtcNow(),
            _ => TimeSpan.Zero,
        };
        return delay <= TimeSpan.Zero ? TimeSpan.Zero : delay < LongestRetryAfter ? delay : LongestRetryAfter;
    }
}

using System.Globalization;
using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Client.Tests;

/// <summary>A server that answers the start, then each poll as the test wrote it. The last answer of the script is repeated.</summary>
internal sealed class ScriptedServer(FakeTimeProvider clock) : HttpMessageHandler
{
    public const string PendingBody = """{ "error": "authorization_pending" }""";
    public const string TokenBody = """{ "access_token": "the token", "token_type": "Bearer", "expires_in": 3600, "scope": "library.read", "device_id": "d1", "refresh_token": "the refresh" }""";

    private readonly Queue<Func<CancellationToken, Task<HttpResponseMessage>>> _polls = new();

    /// <summary>The answer to the start.</summary>
    public string Start { get; set; } = """
        { "device_code": "the device code", "user_code": "BCDF-GHJK", "verification_uri": "https://example.org/pair",
          "verification_uri_complete": "https://example.org/pair?user_code=BCDF-GHJK", "expires_in": 600, "interval": 5 }
        """;

    public HttpStatusCode StartStatus { get; set; } = HttpStatusCode.OK;

    /// <summary>Answers to GET, by address. Others are 404.</summary>
    public Dictionary<string, string> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>All requests, in order.</summary>
    public List<Sent> Requests { get; } = [];

    public IEnumerable<Sent> Polls => Requests.Where(request => request.Uri.AbsolutePath == "/token");

    /// <summary>When the polls came, in seconds since the pairing started.</summary>
    public double[] PollTimes => [.. Polls.Select(poll => poll.At)];

    /// <summary>What the polls preferred, with "-" for a plain one.</summary>
    public string Preferences => string.Join(' ', Polls.Select(poll => poll.Prefer ?? "-"));

    /// <summary>The different keys of the polls.</summary>
    public string?[] Keys => [.. Polls.Select(poll => poll.IdempotencyKey).Distinct(StringComparer.Ordinal)];

    public ScriptedServer Then(Func<CancellationToken, Task<HttpResponseMessage>> answer)
    {
        _polls.Enqueue(answer);
        return this;
    }

    public ScriptedServer Then(int status, string body, params (string Name, string Value)[] headers) => Then(_ => Task.FromResult(Answer(status, body, headers)));

    public ScriptedServer ThenPending() => Then(400, PendingBody);

    public ScriptedServer ThenToken() => Then(200, TokenBody);

    /// <summary>An answer that the server holds: it comes after so many seconds.</summary>
    public ScriptedServer ThenHeld(double seconds, string body, int status = 400, string applied = "wait=25") => Then(async cancellationToken =>
    {
        await Task.Delay(TimeSpan.FromSeconds(seconds), clock, cancellationToken).ConfigureAwait(false);
        return Answer(status, body, ("Preference-Applied", applied));
    });

    /// <summary>No answer: the network loses it.</summary>
    public ScriptedServer ThenSilence() => Then(async cancellationToken =>
    {
        var never = new TaskCompletionSource<HttpResponseMessage>(); // unlike Task.Delay, it ends within the call that cancels
        using var cancelled = cancellationToken.Register(() => never.TrySetCanceled(cancellationToken));
        return await never.Task.ConfigureAwait(false);
    });

    public static HttpResponseMessage Answer(int status, string body, params (string Name, string Value)[] headers)
    {
        var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        foreach (var (name, value) in headers)
        {
            response.Headers.TryAddWithoutValidation(name, value);
        }

        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(CancellationToken.None).ConfigureAwait(false);
        Requests.Add(new(request.RequestUri!, body, (clock.GetUtcNow() - TestHost.Epoch).TotalSeconds)
        {
            Prefer = request.Headers.TryGetValues("Prefer", out var prefer) ? prefer.Single() : null,
            IdempotencyKey = request.Headers.TryGetValues("Idempotency-Key", out var key) ? key.Single() : null,
        });
        return request switch
        {
            { Method.Method: "GET" } => Documents.TryGetValue(request.RequestUri!.AbsoluteUri, out var document) ? Answer(200, document) : Answer(404, "<html>"),
            { RequestUri.AbsolutePath: "/token" } => await (_polls.Count > 1 ? _polls.Dequeue() : _polls.Peek())(cancellationToken).ConfigureAwait(false),
            { RequestUri.AbsolutePath: "/start" } => Answer((int)StartStatus, Start),
            _ => Answer(200, ""),
        };
    }
}

/// <summary>A request as it arrived.</summary>
internal sealed record Sent(Uri Uri, string Body, double At)
{
    public string? Prefer { get; init; }

    public string? IdempotencyKey { get; init; }

    public string? Parameter(string name) => Body.Split('&').Select(pair => pair.Split('=')).Where(pair => pair[0] == name)
        .Select(pair => WebUtility.UrlDecode(pair[1])).SingleOrDefault();

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{At}: {Uri} {Body} {Prefer}");
}

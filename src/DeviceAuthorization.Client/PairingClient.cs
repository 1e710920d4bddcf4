using System.Security.Cryptography;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>
/// The device's side of the device authorization grant (RFC 8628), for any server. Start a pairing, show its code, and wait:
/// <code>
/// var client = new PairingClient(http, new() { Server = new Uri("https://example.org"), ClientId = "tv" });
/// var pairing = await client.StartAsync();
/// Console.WriteLine($"{pairing.UserCode} at {pairing.VerificationUri}");
/// var token = await pairing.WaitAsync();
/// </code>
/// Safe for concurrent use.
/// </summary>
public sealed class PairingClient
{
    internal static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(15);

    /// <summary>RFC 8628 §3.2 requires a lifetime. This one is for servers that send none.</summary>
    private const int DefaultLifetime = 600;
    private const int LongestLifetime = 86_400; // no timer runs for 50 days

    private readonly PairingClientOptions _options;
    private readonly Transport _transport;
    private readonly Requests _requests;
    private readonly TimeProvider _clock;
    private ServerEndpoints? _endpoints;

    /// <summary>Creates a client.</summary>
    /// <param name="http">
    /// Sends the requests. It must not follow redirects, because one could carry the device code to another server: <see cref="CreateHttpClient"/> makes
    /// such a one. An answer that comes after a redirect is not used. Its <see cref="HttpClient.Timeout"/> must be longer than 15 seconds and
    /// <see cref="PairingClientOptions.MaxWait"/> together.
    /// </param>
    /// <param name="options">The server and the app.</param>
    /// <param name="clock">The clock; the system's by default.</param>
    /// <exception cref="ArgumentException">A setting is missing or wrong. The message says which.</exception>
    public PairingClient(HttpClient http, PairingClientOptions options, TimeProvider? clock = null)
    {
        if ((options ?? throw new ArgumentNullException(nameof(options))).Problem() is { } problem)
        {
            throw new ArgumentException(problem, nameof(options));
        }

        _options = options.Copy();
        _clock = clock ?? TimeProvider.System;
        _transport = new(http ?? throw new ArgumentNullException(nameof(http)), _clock);
        _requests = new(_options);
        _endpoints = ServerEndpoints.Of(_options);
    }

    /// <summary>An <see cref="HttpClient"/> that follows no redirect and keeps no cookie.</summary>
    public static HttpClient CreateHttpClient() => new(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false });

    /// <summary>
    /// Starts a pairing (RFC 8628 §3.1). The first start also reads the server's metadata, unless the endpoints are explicit. Each request may take
    /// 15 seconds. An interval from the server counts from 1 second to 5 minutes, 5 seconds if there is none; a lifetime counts up to a day, 10 minutes
    /// if there is none.
    /// </summary>
    /// <exception cref="PairingException">
    /// The server refused, or gave no usable answer. <see cref="PairingException.IsTransient"/> says whether another start may succeed.
    /// </exception>
    public async Task<DevicePairing> StartAsync(CancellationToken cancellationToken = default)
    {
        var endpoints = _endpoints ??= await ServerEndpoints.DiscoverAsync(
            _options.Server!, _options.AllowHttp, document => SendAsync(new(HttpMethod.Get, document), cancellationToken)).ConfigureAwait(false);

        // Before the request: the server's clock for the code starts later, so the last poll is not too late.
        var (started, now) = (_clock.GetTimestamp(), _clock.GetUtcNow());
        var answer = await SendAsync(_requests.Start(endpoints.DeviceAuthorization), cancellationToken).ConfigureAwait(false);
        if (!answer.IsSuccess || answer.Body.Text("device_code") is not { } deviceCode)
        {
            throw new PairingException($"{endpoints.DeviceAuthorization} did not start a pairing ({answer.Explain()}).", answer.Error, answer.Description)
            {
                IsTransient = answer.MayPass || answer.Error is "slow_down" or "temporarily_unavailable" or "server_error",
                RetryAfter = answer.RetryAfter,
            };
        }

        var lifetime = answer.Body.Seconds("expires_in", LongestLifetime) ?? DefaultLifetime;
        var pairing = new SavedPairing
        {
            DeviceCode = deviceCode,
            UserCode = PlainText.Of(answer.Body.Text("user_code")) is { Length: > 0 } code ? code : throw Incomplete("user_code"),
            VerificationUri = Link("verification_uri") ?? Link("verification_url") ?? Path("verification_path") ?? throw Incomplete("verification_uri"),
            VerificationUriComplete = Link("verification_uri_complete") ?? Path("verification_path_complete"),
            ClientId = _options.ClientId,
            Server = _options.Server,
            TokenEndpoint = endpoints.Token,
            RevocationEndpoint = endpoints.Revocation,
            IdempotencyKey = CreateKey(),
            Interval = answer.Body.Seconds("interval", DevicePairing.LongestInterval) ?? DevicePairing.DefaultInterval,
            Lifetime = lifetime,
            ExpiresAt = now + TimeSpan.FromSeconds(lifetime),
        };
        return new(pairing, TimeSpan.FromSeconds(lifetime), started, _options, _transport, _requests, _clock);

        Uri? Link(string name) => Uri.TryCreate(answer.Body.Text(name), UriKind.Absolute, out var link) && IsShowable(link) ? link : null;

        // RomM's paths belong to the server, also if it runs below a path. Others send them beside a link.
        Uri? Path(string name) => _options.Dialect == PairingDialect.RomM
            && answer.Body.Text(name) is { } path
            && Uri.TryCreate((_options.Server ?? endpoints.DeviceAuthorization).GetLeftPart(UriPartial.Authority) + "/" + path.TrimStart('/'), UriKind.Absolute, out var link)
            && IsShowable(link)
                ? link
                : null;

        PairingException Incomplete(string name) => new($"{endpoints.DeviceAuthorization} sent no usable {name} (RFC 8628 §3.2).");
    }

    /// <summary>
    /// Goes on with a pairing that <see cref="DevicePairing.Save"/> wrote, in this or another process. It is polled at least once, even if its time is over: the
    /// approver may have approved while the device was off.
    /// </summary>
    /// <param name="saved">The text.</param>
    /// <exception cref="FormatException">The text is no pairing of this server and client.</exception>
    public DevicePairing Resume(string saved)
    {
        var pairing = ClientJson.Read(saved, ClientJson.Default.SavedPairing, IsOurs, $"pairing of client {_options.ClientId} and this server");
        pairing.Interval = Math.Min(Math.Max(pairing.Interval, 1), DevicePairing.LongestInterval);

        // The clock of a device without a battery may be anywhere, so the time left is no more than all there was.
        var lifetime = TimeSpan.FromSeconds(Math.Min(Math.Max(pairing.Lifetime, 0), LongestLifetime));
        var left = pairing.ExpiresAt - _clock.GetUtcNow();
        left = left < TimeSpan.Zero ? TimeSpan.Zero : left < lifetime ? left : lifetime;
        return new(pairing, left, _clock.GetTimestamp(), _options, _transport, _requests, _clock);
    }

    private bool IsOurs(SavedPairing pairing) =>
        pairing.ClientId == _options.ClientId
        && pairing.Server == _options.Server
        && (_endpoints is not { } known || known.Token == pairing.TokenEndpoint)
        && ServerEndpoints.ProblemOf(pairing.TokenEndpoint, _options.AllowHttp) is null
        && (pairing.RevocationEndpoint is null || ServerEndpoints.ProblemOf(pairing.RevocationEndpoint, _options.AllowHttp) is null)
        && IsShowable(pairing.VerificationUri)
        && (pairing.VerificationUriComplete is null || IsShowable(pairing.VerificationUriComplete));

    private async Task<Answer> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using (request)
        {
            using var timeout = _clock.CancelAfter(AnswerTime);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
            var answer = await _transport.SendAsync(request, either.Token).ConfigureAwait(false);
            if (answer.Status == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            return answer;
        }
    }

    private static bool IsShowable(Uri link) => link is { IsAbsoluteUri: true, Scheme: "http" or "https" } && link.ToString().All(PlainText.IsPlain);

    private static string CreateKey()
    {
        var key = new byte[16];
        using var random = RandomNumberGenerator.Create();
        random.GetBytes(key);
#pragma warning disable CA1872 // netstandard2.0 has no Convert.ToHexString
        return BitConverter.ToString(key).Replace("-", "");
#pragma warning restore CA1872
    }
}

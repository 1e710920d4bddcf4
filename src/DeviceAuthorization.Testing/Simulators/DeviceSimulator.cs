using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Testing;

/// <summary>
/// A device without a keyboard, as hosts see it: it asks for codes, polls no faster than it may, and ends with a token or with the reason why not.
/// It can run many pairings, also at once.
/// </summary>
/// <param name="http">Reaches the host; its base address ends where <see cref="Prefix"/> begins.</param>
/// <param name="clock">Paces the loops. The test must move a fake one forward.</param>
public sealed class DeviceSimulator(HttpClient http, TimeProvider clock)
{
    private static readonly TimeSpan SlowDownStep = TimeSpan.FromSeconds(5);

    /// <summary>The path of the endpoints, as given to <c>MapDeviceAuthorization</c>.</summary>
    /// <value><c>/api/auth/device</c> by default.</value>
    public string Prefix { get; init; } = "/api/auth/device";

    /// <summary>The dialect of the device.</summary>
    public DeviceDialect Dialect { get; init; }

    /// <summary>The client: <c>client_id</c>, or RomM's <c>client</c>.</summary>
    public string ClientId { get; init; } = "simulated-tv";

    /// <summary>The name that the device reports.</summary>
    public string Name { get; init; } = "Simulated TV";

    /// <summary>The identifier by which the registry recognises the device; <see langword="null"/> for a new device each time. RomM's dialect needs one.</summary>
    public string? Identifier { get; init; }

    /// <summary>The scopes to request. If empty, the host's default, which RomM's dialect does not have.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Sent with each poll, so that a lost token can be fetched again; <see langword="null"/> to send none.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>
    /// Receives the number that the device must show, whenever a poll of the loop returns one; <see langword="null"/> for a device that cannot show
    /// a number, and reports so.
    /// </summary>
    public Action<int>? ShowNumber { get; init; }

    /// <summary>How long the answer to a poll may wait for the decision (<c>Prefer: wait</c>, RFC 7240), in whole seconds.</summary>
    /// <value>Zero by default: each poll is answered at once.</value>
    public TimeSpan Wait { get; init; }

    /// <summary>Asks for codes, once.</summary>
    /// <exception cref="HttpRequestException">The host did not answer, or refused; then with its status.</exception>
    public async Task<DeviceCodes> StartAsync(CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Prefix}/init") { Content = StartContent() };
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<DeviceCodes>(cancellationToken))!;
    }

    /// <summary>Asks for the token, once.</summary>
    /// <param name="codes">The answer of <see cref="StartAsync"/>.</param>
    /// <param name="cancellationToken">After a cancellation, it is unknown whether the host received the poll.</param>
    public async Task<DeviceAnswer> PollAsync(DeviceCodes codes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(codes);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Prefix}/token") { Content = PollContent(codes.DeviceCode) };
        if (IdempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", IdempotencyKey);
        }

        if (Wait > TimeSpan.Zero)
        {
            request.Headers.Add("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={Wait.TotalSeconds:0}"));
        }

        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return await ReadAsync(response, cancellationToken);
        }
        catch (Exception exception) when (IsOutage(exception, cancellationToken))
        {
            return new DeviceAnswer.Unavailable(null);
        }
    }

    /// <summary>The device gives up (RFC 7009, with the device code). Both dialects do this by a form.</summary>
    /// <param name="codes">The answer of <see cref="StartAsync"/>.</param>
    /// <exception cref="HttpRequestException">The host did not answer, or refused; then with its status.</exception>
    public async Task WithdrawAsync(DeviceCodes codes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(codes);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{Prefix}/revoke")
        {
            Content = Form(("token", codes.DeviceCode), ("token_type_hint", "device_code"), ("client_id", ClientId)),
        };
        using var response = await http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>
    /// Polls until the answer is final: at once, then at the interval, which grows as the host says. Only the host decides when the codes have
    /// expired. If the host never answers again, polls until <paramref name="cancellationToken"/> ends the loop.
    /// </summary>
    /// <param name="codes">The answer of <see cref="StartAsync"/>.</param>
    public async Task<DeviceAnswer> PollUntilFinalAsync(DeviceCodes codes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(codes);
        var interval = TimeSpan.FromSeconds(codes.Interval);
        while (true)
        {
            var answer = await PollAsync(codes, cancellationToken);
            if (answer.IsFinal)
            {
                return answer;
            }

            if (answer is DeviceAnswer.Pending { MatchNumber: { } number })
            {
                ShowNumber?.Invoke(number);
            }

            if (answer is DeviceAnswer.SlowDown { Interval: var longer })
            {
                interval = longer ?? interval + SlowDownStep;
            }

            if (answer is DeviceAnswer.Pending { WasHeld: true })
            {
                continue;
            }

            var wait = answer is DeviceAnswer.Unavailable { RetryAfter: { } after } && after > interval ? after : interval;
            await Task.Delay(wait, clock, cancellationToken);
        }
    }

    /// <summary>Runs a whole pairing: asks until the host gives codes, shows them, and polls until the answer is final.</summary>
    /// <param name="show">Receives the codes, for an approver. Polling starts when it has finished.</param>
    public async Task<DeviceAnswer> PairAsync(Func<DeviceCodes, Task> show, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(show);
        while (true)
        {
            DeviceCodes codes;
            try
            {
                codes = await StartAsync(cancellationToken);
            }
            catch (Exception exception) when (IsOutage(exception, cancellationToken))
            {
                await Task.Delay(SlowDownStep, clock, cancellationToken);
                continue;
            }

            await show(codes);
            return await PollUntilFinalAsync(codes, cancellationToken);
        }
    }

    private HttpContent StartContent() => Dialect == DeviceDialect.Json
        ? JsonContent.Create(new
        {
            client_device_identifier = Identifier,
            name = Name,
            client = ClientId,
            requested_scopes = Scopes,
            number_matching = ShowNumber is not null,
        })
        : Form(
            ("client_id", ClientId),
            ("name", Name),
            ("client_device_identifier", Identifier),
            ("scope", Scopes.Count > 0 ? string.Join(' ', Scopes) : null),
            ("number_matching", ShowNumber is not null ? "true" : null));

    private HttpContent PollContent(string deviceCode) => Dialect == DeviceDialect.Json
        ? JsonContent.Create(new { device_code = deviceCode })
        : Form(("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", deviceCode), ("client_id", ClientId));

    private static FormUrlEncodedContent Form(params (string Name, string? Value)[] parameters) =>
        new(parameters.Where(parameter => parameter.Value is not null).Select(parameter => KeyValuePair.Create(parameter.Name, parameter.Value!)));

    private static async Task<DeviceAnswer> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
        {
            return new DeviceAnswer.Unavailable(response.Headers.RetryAfter?.Delta);
        }

        if (response.Content.Headers.ContentType?.MediaType is not "application/json")
        {
            return new DeviceAnswer.Refused($"HTTP {(int)response.StatusCode}");
        }

        var body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        if (response.IsSuccessStatusCode)
        {
            return new DeviceAnswer.Paired(body.GetProperty("access_token").GetString()!, ReadScopes(body), body.GetProperty("device_id").GetString()!);
        }

        return (body.TryGetProperty("error", out var error) ? error.GetString() : null) switch
        {
            "authorization_pending" => new DeviceAnswer.Pending
            {
                MatchNumber = body.TryGetProperty("match_number", out var number) ? number.GetInt32() : null,
                WasHeld = response.Headers.Contains("Preference-Applied"),
            },
            "slow_down" => new DeviceAnswer.SlowDown(body.TryGetProperty("interval", out var seconds) ? TimeSpan.FromSeconds(seconds.GetInt32()) : null),
            "access_denied" => new DeviceAnswer.Denied(),
            "expired_token" => new DeviceAnswer.Expired(),
            var other => new DeviceAnswer.Refused(other ?? $"HTTP {(int)response.StatusCode}"),
        };
    }

    private static string[] ReadScopes(JsonElement body) => body switch
    {
        _ when body.TryGetProperty("scopes", out var list) => [.. list.EnumerateArray().Select(scope => scope.GetString()!)],
        _ when body.TryGetProperty("scope", out var words) => words.GetString()!.Split(' '),
        _ => [],
    };

    /// <summary>A failed connection, a timeout, or a 503 of <see cref="StartAsync"/>; not a cancellation by the caller.</summary>
    private static bool IsOutage(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        HttpRequestException { StatusCode: null or HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests } => true,
        OperationCanceledException => !cancellationToken.IsCancellationRequested, // HttpClient.Timeout
        _ => false,
    };
}

using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace DeviceAuthorization.RomM;

/// <summary>
/// RomM's: JSON requests, errors as <c>{"detail": …}</c>, 422 for a bad shape. Its clients look for the words <c>expired_token</c> and
/// <c>access_denied</c> anywhere in a body, so no other answer may hold them.
/// </summary>
internal sealed class JsonDialect : IDialect
{
    private const string MediaType = "application/json";

    public static readonly JsonDialect Instance = new();

    public static bool Speaks(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals(MediaType, StringComparison.OrdinalIgnoreCase);

    public static IResult Error(int status, string detail) => TypedResults.Json(new RomMError(detail), WireJson.Default.RomMError, statusCode: status);

    /// <summary>A body of the given shape; every member may be missing.</summary>
    public static async Task<Parsed<T>> ReadAsync<T>(HttpRequest request, JsonTypeInfo<T> type, int limit = RequestBody.Limit)
        where T : class
    {
        if (!RequestBody.IsUtf8(request, MediaType))
        {
            return Refuse<T>($"The content type must be {MediaType}, in UTF-8.");
        }

        if (await RequestBody.ReadAsync(request, limit) is not { } body)
        {
            return Parsed.Refuse<T>(Error(StatusCodes.Status413PayloadTooLarge, RequestBody.TooLarge(limit)));
        }

        try
        {
            return JsonSerializer.Deserialize(body.Span, type) is { } value ? value : Refuse<T>("The body must be a JSON object.");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException) // the latter: half a surrogate pair in \u escapes
        {
            return Refuse<T>("The body is not JSON of the expected shape.");
        }
    }

    public static Parsed<T> Refuse<T>(string detail)
        where T : class => Parsed.Refuse<T>(Unprocessable(detail));

    /// <summary>The body has a shape or a value that does not fit.</summary>
    public static IResult Unprocessable(string detail) => Error(StatusCodes.Status422UnprocessableEntity, detail);

    public async Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context)
    {
        if (!(await ReadAsync(context.Request, WireJson.Default.RomMStart)).TryGet(out var start, out var unread))
        {
            return Parsed.Refuse<PairingRequest>(unread);
        }

        var options = context.RequestServices.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        if (string.IsNullOrEmpty(start.ClientDeviceIdentifier) || string.IsNullOrEmpty(start.Name)
            || !ReportedText.TryClean(start.Client, ReportedDeviceReader.MaxShort, out var client) || client is null
            || ReportedDeviceReader.Read(context, start.ClientDeviceIdentifier, start.Name, start.Platform, start.ClientVersion, client) is not { } device)
        {
            return Refuse<PairingRequest>($"client_device_identifier, name and client are required. {ReportedDeviceReader.Problem}");
        }

        if (!options.IsPublic(client))
        {
            return Parsed.Refuse<PairingRequest>(Error(PairingError.InvalidClient));
        }

        return start.RequestedScopes is { Count: > 0 } scopes && scopes.Count <= options.Scopes.Count && scopes.All(ScopeParameter.IsToken)
            ? new PairingRequest { ClientId = client, RequiresClientId = false, Scopes = scopes!, Device = device, CanShowNumber = start.NumberMatching == true }
            : Refuse<PairingRequest>("requested_scopes must name at least one scope, and no more than there are.");
    }

    public IResult Started(StartResult.Started started, VerificationLinks links)
    {
        var code = started.UserCode.Reveal();
        return TypedResults.Json(
            new RomMStarted(
                started.DeviceCode.Reveal(),
                code,
                links.Path,
                started.AllowsLink ? VerificationLinks.Complete(links.Path, code) : null,
                (int)started.ExpiresIn.TotalSeconds,
                (int)started.Interval.TotalSeconds,
                links.Uri,
                started.AllowsLink ? VerificationLinks.Complete(links.Uri, code) : null),
            WireJson.Default.RomMStarted,
            statusCode: StatusCodes.Status201Created);
    }

    public IResult UnknownScopes(IReadOnlyList<string> scopes) =>
        Unprocessable($"Unknown scopes: {string.Join(", ", scopes)}");

    public IResult MayNotStart() => ApproverJson.Forbidden();

    public IResult NumberRequired() => Error(StatusCodes.Status403Forbidden, "Only devices that can show a number (number_matching) are paired here.");

    public IResult TooMany(string what) => Error(StatusCodes.Status429TooManyRequests, $"Too many {what} attempts. Try again later.");

    public async Task<Parsed<PollMessage>> ReadPollAsync(HttpContext context)
    {
        if (!(await ReadAsync(context.Request, WireJson.Default.RomMPoll)).TryGet(out var poll, out var unread))
        {
            return Parsed.Refuse<PollMessage>(unread);
        }

        if (poll.DeviceCode is not { Length: > 0 and <= 128 })
        {
            return Refuse<PollMessage>("device_code must be 1 to 128 characters.");
        }

        var clientId = poll.ClientId is { Length: > 0 } named ? named : null; // a pairing whose client has a secret is refused to those who name none
        if (clientId is not null && !context.RequestServices.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.IsPublic(clientId))
        {
            return Parsed.Refuse<PollMessage>(Error(PairingError.InvalidClient));
        }

        return IdempotencyKey.TryRead(context.Request, out var key)
            ? new PollMessage(DeviceCode.TryParse(poll.DeviceCode, out var code) ? code : null, clientId, key)
            : Refuse<PollMessage>(IdempotencyKey.Problem);
    }

    public IResult Paired(PollResult.Paired paired, DateTimeOffset now)
    {
        var issued = paired.Issued;
        return TypedResults.Json(
            new RomMPaired(
                paired.Token.Reveal(), issued.DeviceId!, issued.Scopes, issued.ExpiresAt, "Bearer", issued.SecondsLeft(now), issued.ScopeParameter()),
            WireJson.Default.RomMPaired);
    }

    /// <summary>RomM knows no <c>invalid_grant</c>: its clients read an unknown or used code as an expired one.</summary>
    public IResult NotPaired(PollResult.NotPaired notPaired)
    {
        var error = notPaired.Error == PairingError.InvalidGrant ? PairingError.ExpiredToken : notPaired.Error;
        return Error(error, (int?)notPaired.Interval?.TotalSeconds, notPaired.MatchNumber);
    }

    public IResult Problem(int status, string description) => Error(status, description);

    private static JsonHttpResult<RomMError> Error(PairingError error, int? interval = null, int? number = null) => TypedResults.Json(
        new RomMError(error.ToWire(), error, interval, number), WireJson.Default.RomMError, statusCode: StatusCodes.Status400BadRequest);
}

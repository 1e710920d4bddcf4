using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Flow;

/// <summary>RFC 8628: form-encoded requests, OAuth answers. Also answers whatever is in neither dialect's media type.</summary>
internal sealed class FormDialect : IDialect
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";
    public const string MediaType = "application/x-www-form-urlencoded";
    internal static readonly string[] Known =
    [
        "client_id", "client_secret", "scope", "grant_type", "device_code", "client_device_identifier", "name", "platform", "client_version",
        "number_matching",
    ];

    public static readonly FormDialect Instance = new();

    public static IResult Error(PairingError error, string? description = null, int status = StatusCodes.Status400BadRequest, int? interval = null, int? number = null) =>
        TypedResults.Json(new OAuthError(error, description, interval, number), WireJson.Default.OAuthError, statusCode: status);

    /// <summary>No OAuth error fits but the one that says: later.</summary>
    public static IResult TooMany() => Error(PairingError.SlowDown, "Too many requests.", StatusCodes.Status429TooManyRequests);

    public async Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context)
    {
        if (!(await ReadFormAsync(context.Request, Known)).TryGet(out var form, out var unread))
        {
            return Parsed.Refuse<PairingRequest>(unread);
        }

        if (!(await Credentials(context).ReadAsync(context, form)).TryGet(out var clientId, out var unidentified))
        {
            return Parsed.Refuse<PairingRequest>(unidentified);
        }

        var options = context.RequestServices.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        if (ScopeParameter.Parse(form["scope"], options.ScopesOf(clientId)) is not { } scopes)
        {
            return Parsed.Refuse<PairingRequest>(Error(PairingError.InvalidScope, "The parameter scope is malformed."));
        }

        if (ReportedDeviceReader.Read(context, form["client_device_identifier"], form["name"] ?? clientId, form["platform"], form["client_version"])
            is not { } device)
        {
            return Parsed.Refuse<PairingRequest>(Error(PairingError.InvalidRequest, ReportedDeviceReader.Problem));
        }

        return form["number_matching"] is null or "true" or "false"
            ? new PairingRequest { ClientId = clientId, Scopes = scopes, Device = device, CanShowNumber = form["number_matching"] == "true" }
            : Parsed.Refuse<PairingRequest>(Error(PairingError.InvalidRequest, "The parameter number_matching must be true or false."));
    }

    public IResult Started(StartResult.Started started, VerificationLinks links)
    {
        var code = started.UserCode.RevealGrouped();
        return TypedResults.Json(
            new OAuthStarted(
                started.DeviceCode.Reveal(),
                code,
                links.Uri,
                started.AllowsLink ? VerificationLinks.Complete(links.Uri, code) : null,
                (int)started.ExpiresIn.TotalSeconds,
                (int)started.Interval.TotalSeconds,
                links.Path,
                started.AllowsLink ? VerificationLinks.Complete(links.Path, code) : null),
            WireJson.Default.OAuthStarted);
    }

    public IResult UnknownScopes(IReadOnlyList<string> scopes) => Error(PairingError.InvalidScope, "A requested scope is unknown.");

    public IResult MayNotStart() => Error(PairingError.UnauthorizedClient, "This device may not be paired.");

    /// <summary>The request is in order, and the client one that may not use the grant here.</summary>
    public IResult NumberRequired() => Error(PairingError.UnauthorizedClient, "Only devices that can show a number (number_matching) are paired here.");

    public IResult TooMany(string what) => TooMany();

    /// <summary>In the order of RFC 6749 §5.2: the shape, the grant, the client, the code.</summary>
    public async Task<Parsed<PollMessage>> ReadPollAsync(HttpContext context)
    {
        if (!(await ReadFormAsync(context.Request, Known)).TryGet(out var form, out var unread))
        {
            return Parsed.Refuse<PollMessage>(unread);
        }

        if (form["grant_type"] is not GrantType)
        {
            return Parsed.Refuse<PollMessage>(form["grant_type"] is null
                ? Error(PairingError.InvalidRequest, "The parameter grant_type is missing.")
                : Error(PairingError.UnsupportedGrantType));
        }

        if (!(await Credentials(context).ReadAsync(context, form)).TryGet(out var clientId, out var unidentified))
        {
            return Parsed.Refuse<PollMessage>(unidentified);
        }

        if (form["device_code"] is not { } deviceCode)
        {
            return Parsed.Refuse<PollMessage>(Error(PairingError.InvalidRequest, "The parameter device_code is missing."));
        }

        return IdempotencyKey.TryRead(context.Request, out var key)
            ? new PollMessage(DeviceCode.TryParse(deviceCode, out var code) ? code : null, clientId, key)
            : Parsed.Refuse<PollMessage>(Error(PairingError.InvalidRequest, IdempotencyKey.Problem));
    }

    public IResult Paired(PollResult.Paired paired, DateTimeOffset now)
    {
        var issued = paired.Issued;
        return TypedResults.Json(
            new OAuthPaired(paired.Token.Reveal(), "Bearer", issued.SecondsLeft(now), issued.ScopeParameter(), issued.DeviceId!),
            WireJson.Default.OAuthPaired);
    }

    public IResult NotPaired(PollResult.NotPaired notPaired) =>
        Error(notPaired.Error, interval: (int?)notPaired.Interval?.TotalSeconds, number: notPaired.MatchNumber);

    public IResult Problem(int status, string description) => Error(PairingError.InvalidRequest, description, status);

    /// <summary>A body of parameters, of which those that are known may not be repeated.</summary>
    public static async Task<Parsed<StrictForm>> ReadFormAsync(HttpRequest request, string[] known, int maxFields = StrictForm.MaxFields)
    {
        if (!RequestBody.IsUtf8(request, MediaType))
        {
            return Parsed.Refuse<StrictForm>(Error(PairingError.InvalidRequest, $"The content type must be {MediaType}, in UTF-8."));
        }

        StrictForm? form;
        string? problem;
        if (RequestBody.FormReadByHost(request) is { } read)
        {
            if (RequestBody.IsTooLarge(request, read))
            {
                return TooLarge();
            }

            StrictForm.TryTake(read, known, out form, out problem, maxFields);
        }
        else if (await RequestBody.ReadAsync(request) is { } body)
        {
            StrictForm.TryParse(body.Span, known, out form, out problem, maxFields);
        }
        else
        {
            return TooLarge();
        }

        return form ?? Parsed.Refuse<StrictForm>(Error(PairingError.InvalidRequest, problem));

        static Parsed<StrictForm> TooLarge() =>
            Parsed.Refuse<StrictForm>(Error(PairingError.InvalidRequest, RequestBody.TooLarge(), StatusCodes.Status413PayloadTooLarge));
    }

    private static ClientCredentials Credentials(HttpContext context) => context.RequestServices.GetRequiredService<ClientCredentials>();
}

using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Flow;

/// <summary>The dialect of RFC 8628: requests are forms, and answers are OAuth's.</summary>
internal sealed class FormDialect(ClientCredentials credentials, IOptions<DeviceAuthorizationOptions> options) : IDialect
{
    public const string GrantType = "urn:ietf:params:oauth:grant-type:device_code";

    internal static readonly string[] Known =
    [
        "client_id", "client_secret", "scope", "grant_type", "device_code", "client_device_identifier", "name", "platform", "client_version",
        "number_matching",
    ];

    private static readonly IResult Pending = Problems.OAuth(PairingError.AuthorizationPending); // the answer to most polls

    public async Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context)
    {
        if (!(await StrictForm.ReadAsync(context.Request, Known)).TryGet(out var form, out var refusal)
            || !(await credentials.IdentifyAsync(context, form)).TryGet(out var clientId, out refusal))
        {
            return Parsed.Refuse<PairingRequest>(refusal);
        }

        if (ScopeParameter.Parse(form["scope"], options.Value.ScopesOf(clientId)) is not { } scopes)
        {
            return Refuse<PairingRequest>(PairingError.InvalidScope, "The parameter scope is malformed.");
        }

        if (ReportedDeviceReader.Read(context, form["client_device_identifier"], form["name"] ?? clientId, form["platform"], form["client_version"])
            is not { } device)
        {
            return Refuse<PairingRequest>(PairingError.InvalidRequest, ReportedDeviceReader.Problem);
        }

        return form["number_matching"] is null or "true" or "false"
            ? new PairingRequest { ClientId = clientId, Scopes = scopes, Device = device, CanShowNumber = form["number_matching"] == "true" }
            : Refuse<PairingRequest>(PairingError.InvalidRequest, "The parameter number_matching must be true or false.");
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
            OAuthJson.Default.OAuthStarted);
    }

    public IResult UnknownScopes(IReadOnlyList<string> scopes) => Problems.OAuth(PairingError.InvalidScope, "A requested scope is unknown.");

    public IResult MayNotStart() => Problems.OAuth(PairingError.UnauthorizedClient, "This device may not be paired.");

    public IResult NumberRequired() =>
        Problems.OAuth(PairingError.UnauthorizedClient, "Only devices that can show a number (number_matching) are paired here.");

    public IResult TooManyStarts() => Problems.TooMany();

    /// <summary>Checks in the order of RFC 6749 §5.2: the shape, the grant, the client, the code.</summary>
    public async ValueTask<Parsed<PollMessage>> ReadPollAsync(HttpContext context)
    {
        if (!(await StrictForm.ReadAsync(context.Request, Known)).TryGet(out var form, out var refusal))
        {
            return Parsed.Refuse<PollMessage>(refusal);
        }

        switch (form["grant_type"])
        {
            case GrantType:
                break;
            case null:
                return Refuse<PollMessage>(PairingError.InvalidRequest, "The parameter grant_type is missing.");
            default:
                return Refuse<PollMessage>(PairingError.UnsupportedGrantType);
        }

        if (!(await credentials.IdentifyAsync(context, form)).TryGet(out var clientId, out refusal))
        {
            return Parsed.Refuse<PollMessage>(refusal);
        }

        if (form["device_code"] is not { } deviceCode)
        {
            return Refuse<PollMessage>(PairingError.InvalidRequest, "The parameter device_code is missing.");
        }

        return IdempotencyKey.TryRead(context.Request, out var key)
            ? new PollMessage(DeviceCode.TryParse(deviceCode, out var code) ? code : null, clientId, key)
            : Refuse<PollMessage>(PairingError.InvalidRequest, IdempotencyKey.Problem);
    }

    public IResult Paired(PollResult.Paired paired, DateTimeOffset now)
    {
        var issued = paired.Issued;
        return TypedResults.Json(
            new OAuthPaired(paired.Token.Reveal(), "Bearer", issued.SecondsLeft(now), issued.ScopeParameter(), issued.DeviceId!),
            OAuthJson.Default.OAuthPaired);
    }

    public IResult NotPaired(PollResult.NotPaired notPaired) => notPaired == PollResult.NotPaired.Pending
        ? Pending
        : Problems.OAuth(
            notPaired.Error,
            notPaired.Error == PairingError.InvalidGrant ? "The device code is unknown, used, withdrawn, or of another client, or its approval has ended." : null,
            interval: (int?)notPaired.Interval?.TotalSeconds,
            number: notPaired.MatchNumber);

    public IResult TooManyPolls() => Problems.TooMany();

    private static Parsed<T> Refuse<T>(PairingError error, string? description = null)
        where T : class => Parsed.Refuse<T>(Problems.OAuth(error, description));
}

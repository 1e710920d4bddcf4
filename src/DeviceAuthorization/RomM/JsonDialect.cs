using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.RomM;

/// <summary>
/// The dialect of RomM: JSON requests, errors as <c>{"detail": …}</c>, and 422 for a wrong shape. Its clients search the whole body for the words
/// <c>expired_token</c> and <c>access_denied</c>, so no other answer may contain them.
/// </summary>
internal sealed class JsonDialect(IOptions<DeviceAuthorizationOptions> options) : IDialect
{
    private readonly DeviceAuthorizationOptions _options = options.Value;

    public async Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context)
    {
        if (!(await JsonBody.ReadAsync(context.Request, RomMJson.Default.PairingStart)).TryGet(out var start, out var refusal))
        {
            return Parsed.Refuse<PairingRequest>(refusal);
        }

        if (string.IsNullOrEmpty(start.ClientDeviceIdentifier) || string.IsNullOrEmpty(start.Name)
            || !ReportedText.TryClean(start.Client, ReportedDeviceReader.MaxShort, out var client) || client is null
            || ReportedDeviceReader.Read(context, start.ClientDeviceIdentifier, start.Name, start.Platform, start.ClientVersion, client) is not { } device)
        {
            return JsonBody.Refuse<PairingRequest>($"client_device_identifier, name and client are required. {ReportedDeviceReader.Problem} For RFC 8628, send a form.");
        }

        if (!_options.IsPublic(client))
        {
            return Parsed.Refuse<PairingRequest>(Problems.Detail(PairingError.InvalidClient));
        }

        return start.RequestedScopes is { Count: > 0 } scopes && scopes.Count <= _options.Scopes.Count && scopes.All(ScopeParameter.IsToken)
            ? new PairingRequest { ClientId = client, RequiresClientId = false, Scopes = scopes!, Device = device, CanShowNumber = start.NumberMatching == true }
            : JsonBody.Refuse<PairingRequest>("requested_scopes must name at least one scope, and no more than there are.");
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
            RomMJson.Default.RomMStarted,
            statusCode: StatusCodes.Status201Created);
    }

    public IResult UnknownScopes(IReadOnlyList<string> scopes) => Problems.Unprocessable($"Unknown scopes: {string.Join(", ", scopes)}");

    public IResult MayNotStart() => Problems.Forbidden();

    public IResult NumberRequired() =>
        Problems.Detail(StatusCodes.Status403Forbidden, "Only devices that can show a number (number_matching) are paired here.");

    public IResult TooManyStarts() => Problems.Detail(StatusCodes.Status429TooManyRequests, "Too many authorize attempts. Try again later.");

    public async ValueTask<Parsed<PollMessage>> ReadPollAsync(HttpContext context)
    {
        if (!(await JsonBody.ReadAsync(context.Request, RomMJson.Default.PairingPoll)).TryGet(out var poll, out var refusal))
        {
            return Parsed.Refuse<PollMessage>(refusal);
        }

        if (poll.DeviceCode is not { Length: > 0 and <= 128 })
        {
            return JsonBody.Refuse<PollMessage>("device_code must be 1 to 128 characters.");
        }

        var clientId = poll.ClientId is { Length: > 0 } named ? named : null; // the rules refuse a poll without a client if the client has a secret
        if (clientId is not null && !_options.IsPublic(clientId))
        {
            return Parsed.Refuse<PollMessage>(Problems.Detail(PairingError.InvalidClient));
        }

        return IdempotencyKey.TryRead(context.Request, out var key)
            ? new PollMessage(DeviceCode.TryParse(poll.DeviceCode, out var code) ? code : null, clientId, key)
            : JsonBody.Refuse<PollMessage>(IdempotencyKey.Problem);
    }

    public IResult Paired(PollResult.Paired paired, DateTimeOffset now)
    {
        var issued = paired.Issued;
        return TypedResults.Json(
            new RomMPaired(
                paired.Token.Reveal(), issued.DeviceId!, "Bearer", issued.Scopes, issued.ExpiresAt, issued.SecondsLeft(now), issued.ScopeParameter()),
            RomMJson.Default.RomMPaired);
    }

    /// <summary>RomM has no <c>invalid_grant</c>: its clients read an unknown or used code as an expired one.</summary>
    public IResult NotPaired(PollResult.NotPaired notPaired) => Problems.Detail(
        notPaired.Error == PairingError.InvalidGrant ? PairingError.ExpiredToken : notPaired.Error,
        (int?)notPaired.Interval?.TotalSeconds,
        notPaired.MatchNumber);

    public IResult TooManyPolls() => Problems.Detail(StatusCodes.Status429TooManyRequests, "Too many polling attempts. Try again later.");
}

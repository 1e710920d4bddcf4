using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>
/// How one family of devices writes its requests and reads its answers. Two are spoken at the same endpoints: RFC 8628's
/// (<see cref="FormDialect"/>) and RomM's (<see cref="JsonDialect"/>); the request's media type tells which.
/// </summary>
internal interface IDialect
{
    Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context);

    IResult Started(StartResult.Started started, VerificationLinks links);

    IResult UnknownScopes(IReadOnlyList<string> scopes);

    /// <summary>The host does not let this device pair.</summary>
    IResult MayNotStart();

    IResult NumberRequired();

    /// <summary>A limit was reached; in RomM's words, too many attempts of what.</summary>
    IResult TooMany(string what);

    Task<Parsed<PollMessage>> ReadPollAsync(HttpContext context);

    IResult Paired(PollResult.Paired paired, DateTimeOffset now);

    IResult NotPaired(PollResult.NotPaired notPaired);

    /// <summary>A malformed or refused request, in the dialect's own form.</summary>
    IResult Problem(int status, string description);

    static IDialect Of(HttpRequest request) => JsonDialect.Speaks(request) ? JsonDialect.Instance : FormDialect.Instance;
}

/// <summary>A poll as read; no device code when what was sent cannot be one.</summary>
internal sealed record PollMessage(DeviceCode? DeviceCode, string? ClientId, string? IdempotencyKey);

using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>A format of requests and answers. Clients of RFC 8628 send forms; RomM's clients send JSON to the same endpoints.</summary>
internal interface IDialect
{
    Task<Parsed<PairingRequest>> ReadStartAsync(HttpContext context);

    IResult Started(StartResult.Started started, VerificationLinks links);

    IResult UnknownScopes(IReadOnlyList<string> scopes);

    /// <summary>The host does not let this device pair.</summary>
    IResult MayNotStart();

    IResult NumberRequired();

    /// <summary>A limit of starts was reached.</summary>
    IResult TooManyStarts();

    ValueTask<Parsed<PollMessage>> ReadPollAsync(HttpContext context);

    IResult Paired(PollResult.Paired paired, DateTimeOffset now);

    IResult NotPaired(PollResult.NotPaired notPaired);

    /// <summary>A limit of polls was reached.</summary>
    IResult TooManyPolls();
}

/// <summary>A parsed poll.</summary>
/// <param name="DeviceCode">Null if the text that was sent cannot be a device code.</param>
internal sealed record PollMessage(DeviceCode? DeviceCode, string? ClientId, string? IdempotencyKey);

/// <summary>The <c>Idempotency-Key</c> header (draft-ietf-httpapi-idempotency-key-header) of a poll.</summary>
internal static class IdempotencyKey
{
    public const string Problem = "The Idempotency-Key header must be one value of 1 to 128 printable ASCII characters.";
    private const int MaxLength = 128;

    /// <summary>False if the header is invalid. True, with a null key, if there is no header.</summary>
    public static bool TryRead(HttpRequest request, out string? key)
    {
        var header = request.Headers["Idempotency-Key"];
        key = header.Count == 1 ? header[0] : null;
        return header.Count == 0 || (key is { Length: > 0 and <= MaxLength } && !key.ContainsAnyExceptInRange(' ', '~'));
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// Which code a browser is at, and for whom. In a cookie it keeps the code out of addresses (T-25) and lets the page be reloaded; in the form
/// of the review it proves that this user entered this code (T-04), whatever the other tabs do.
/// </summary>
/// <param name="Code">The user code, grouped.</param>
/// <param name="UserId">Who entered it; null when nobody has, or who did left it to another account.</param>
/// <param name="Until">Milliseconds since 1970.</param>
/// <param name="IsOfLink">Whether a link brought it.</param>
/// <param name="Asked">How often, and when last, they were sent to sign in again for this code; null when they were not.</param>
internal sealed record PairingTicket(string Code, string? UserId, long Until, bool IsOfLink, SignInAsked? Asked = null)
{
    /// <summary>The code as entered; tickets that are read always have one.</summary>
    [JsonIgnore]
    public UserCode UserCode { get; init; } = null!;

    public bool IsOf(Approver approver) => string.Equals(UserId, approver.UserId, StringComparison.Ordinal);
}

/// <summary>A person was sent to sign in again. That they come back proves nothing.</summary>
/// <param name="Times">How often.</param>
/// <param name="At">When, by our clock.</param>
/// <param name="Before">When they had signed in before, as far as it was known.</param>
internal sealed record SignInAsked(int Times, DateTimeOffset At, DateTimeOffset? Before)
{
    /// <summary>After two rounds we stop.</summary>
    public const int Most = 2;

    /// <summary>How far the clock of an identity provider may be from ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The approver as signed in when we asked, if they have signed in since. By the provider's clock that may be before the device asked;
    /// but it is later than their last sign-in, by the same clock.
    /// </summary>
    public Approver Seen(Approver approver) =>
        approver.SignedInAt is { } at && at < At && at >= At - ClockSkew && !(at <= Before) ? approver with { SignedInAt = At } : approver;
}

[JsonSerializable(typeof(PairingTicket))]
internal sealed partial class PairingTicketJson : JsonSerializerContext;

/// <summary>Writes and reads tickets. Nodes of one host must share their Data Protection keys, as for the sign-in itself.</summary>
internal sealed class PairingTickets(IDataProtectionProvider protection, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
{
    public const string Cookie = "da.code";

    /// <summary>As long as a pairing can be of interest: its longest lifetime, and the time it is remembered.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(40);

    private readonly IDataProtector _protector = protection.CreateProtector("DeviceAuthorization.PairingTicket.v1");

    public string Write(string code, string? userId, bool isOfLink, SignInAsked? asked = null) => _protector.Protect(JsonSerializer.Serialize(
        new PairingTicket(code, userId, (clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds(), isOfLink, asked), PairingTicketJson.Default.PairingTicket));

    /// <summary>Keeps it in the browser, for the pages below <paramref name="path"/>.</summary>
    public void Keep(HttpContext context, string path, string code, string? userId, bool isOfLink, SignInAsked? asked = null) => context.Response.Cookies.Append(
        Cookie,
        Write(code, userId, isOfLink, asked),
        new CookieOptions { Path = path, HttpOnly = true, IsEssential = true, Secure = context.Request.IsHttps, SameSite = SameSiteMode.Lax });

    /// <summary>The ticket in the browser's cookie; null when there is none that holds.</summary>
    public PairingTicket? Of(HttpContext context) => TryRead(context.Request.Cookies[Cookie], out var ticket) ? ticket : null;

    public bool TryRead(string? written, [NotNullWhen(true)] out PairingTicket? ticket)
    {
        ticket = null;
        if (string.IsNullOrEmpty(written))
        {
            return false;
        }

        try
        {
            ticket = JsonSerializer.Deserialize(_protector.Unprotect(written), PairingTicketJson.Default.PairingTicket);
        }
        catch (Exception invalid) when (invalid is CryptographicException or FormatException)
        {
            return false; // forged, or of keys that are gone
        }

        if (ticket!.Until <= clock.GetUtcNow().ToUnixTimeMilliseconds() || !options.Value.UserCode.TryParse(ticket.Code, out var code))
        {
            return false;
        }

        ticket = ticket with { UserCode = code };
        return true;
    }
}

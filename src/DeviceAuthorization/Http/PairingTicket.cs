using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http;

/// <summary>
/// The code that a browser works with, and the user who entered it. As a cookie, it keeps the code out of addresses (T-25) and survives a reload of
/// the page. In the form of the review, it proves that this user entered this code (T-04), independently of other tabs.
/// </summary>
/// <param name="Code">The user code, grouped.</param>
/// <param name="UserId">The user who entered the code; null if nobody has, or if that user switched to another account.</param>
/// <param name="IsOfLink">Whether a link included the code.</param>
/// <param name="Asked">How often, and when last, the user was sent to sign in again for this code; null if never.</param>
internal sealed record PairingTicket(string Code, string? UserId, bool IsOfLink, SignInAsked? Asked = null)
{
    /// <summary>When the ticket expires, in milliseconds since 1970.</summary>
    public long Until { get; init; }

    /// <summary>The parsed code. A ticket that was read always has one.</summary>
    [JsonIgnore]
    public UserCode UserCode { get; init; } = null!;

    public bool IsOf(Approver approver) => string.Equals(UserId, approver.UserId, StringComparison.Ordinal);
}

/// <summary>Records that a person was sent to sign in again. Their return proves nothing.</summary>
/// <param name="At">When they were last sent, by our clock.</param>
/// <param name="Before">When they had signed in before; null if unknown.</param>
internal sealed record SignInAsked(int Times, DateTimeOffset At, DateTimeOffset? Before)
{
    /// <summary>How often a person is sent, at most.</summary>
    public const int Most = 2;

    /// <summary>How far the clock of an identity provider may differ from ours.</summary>
    public static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(1);

    /// <summary>
    /// The approver, whose sign-in counts as made when we sent them if the provider's clock says that it was up to <see cref="ClockSkew"/> earlier.
    /// It must be later than their previous sign-in, by the same clock.
    /// </summary>
    public Approver Seen(Approver approver) =>
        approver.SignedInAt is { } at && at < At && at >= At - ClockSkew && !(at <= Before) ? approver with { SignedInAt = At } : approver;
}

[JsonSerializable(typeof(PairingTicket))]
internal sealed partial class PairingTicketJson : JsonSerializerContext;

/// <summary>Writes and reads tickets. The nodes of a host must share their Data Protection keys, as they must for sign-ins.</summary>
internal sealed class PairingTickets(IDataProtectionProvider protection, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock)
{
    public const string Cookie = "da.code";

    /// <summary>The longest lifetime of a pairing, plus the time that stores keep it afterwards.</summary>
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(40);

    private readonly IDataProtector _protector = protection.CreateProtector("DeviceAuthorization.PairingTicket.v1");

    public string Write(PairingTicket ticket) => _protector.Protect(JsonSerializer.Serialize(
        ticket with { Until = (clock.GetUtcNow() + Lifetime).ToUnixTimeMilliseconds() }, PairingTicketJson.Default.PairingTicket));

    /// <summary>Stores a ticket in the browser's cookie, for the pages below <paramref name="path"/>.</summary>
    public void Keep(HttpContext context, string path, PairingTicket ticket) => context.Response.Cookies.Append(
        Cookie,
        Write(ticket),
        new CookieOptions { Path = path, HttpOnly = true, IsEssential = true, Secure = context.Request.IsHttps, SameSite = SameSiteMode.Lax });

    /// <summary>The ticket in the browser's cookie; null if there is no valid one.</summary>
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
            return false; // forged, or protected by a key that no longer exists
        }

        if (ticket!.Until <= clock.GetUtcNow().ToUnixTimeMilliseconds() || !options.Value.UserCode.TryParse(ticket.Code, out var code))
        {
            return false;
        }

        ticket = ticket with { UserCode = code };
        return true;
    }
}

using System.Security.Claims;
using System.Text.Json;

namespace PairingHost;

/// <summary>What the endpoints of the game library share: who calls, and RomM's JSON.</summary>
internal static class Answers
{
    public static string Id(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)!;

    /// <summary>Keeps the names of members: ASP.NET Core's own options would write SYSTEM as system.</summary>
    public static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, JsonSerializerOptions.Default, statusCode: status);

    public static IResult Error(int status, string detail) => Json(new { detail }, status);

    public static IResult UnknownDevice() => Error(StatusCodes.Status404NotFound, "Device not found");
}

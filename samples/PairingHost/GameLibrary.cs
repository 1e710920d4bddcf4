using System.Collections.Concurrent;
using System.Security.Claims;
using System.Text.Json.Serialization;
using DeviceAuthorization;

namespace PairingHost;

/// <summary>As much of a game library as RomM's clients ask for once they are paired, and the play sessions that devices record.</summary>
internal sealed class GameLibrary
{
    private readonly ConcurrentQueue<(string UserId, PlaySession Session)> _sessions = new();

    public PlaySession Add(string userId, NewPlaySession session, Device? device)
    {
        var stored = new PlaySession(Guid.NewGuid(), device?.Id, session.RomId, session.StartTime, session.EndTime);
        _sessions.Enqueue((userId, stored));
        return stored;
    }

    public PlaySession[] Of(string userId, Device? device) =>
        [.. _sessions.Where(entry => entry.UserId == userId && (device is null || entry.Session.DeviceId == device.Id)).Select(entry => entry.Session)];
}

/// <summary>What a device sends; it need not say which device it is.</summary>
internal sealed record NewPlaySession(
    [property: JsonPropertyName("device_id")] string? DeviceId,
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("start_time")] DateTimeOffset StartTime,
    [property: JsonPropertyName("end_time")] DateTimeOffset EndTime);

internal sealed record PlaySession(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("device_id")] string? DeviceId,
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("start_time")] DateTimeOffset StartTime,
    [property: JsonPropertyName("end_time")] DateTimeOffset EndTime);

internal sealed record Negotiate([property: JsonPropertyName("device_id")] string? DeviceId);

internal static class GameLibraryEndpoints
{
    public static void MapGameLibrary(this WebApplication app)
    {
        app.MapGet("/api/heartbeat", () => new { SYSTEM = new { VERSION = "5.2.0", SHOW_SETUP_WIZARD = false } }.AsIs());
        app.MapGet("/api/users/me", (ClaimsPrincipal user, HttpContext context) => Me(user, context)).RequireScope("me.read", SignIn.AnyScheme);
        app.MapGet("/api/platforms", () => new object[] { new { id = 1, slug = "gb", name = "Game Boy", rom_count = 2 } }.AsIs())
            .RequireScope("platforms.read", SignIn.AnyScheme);

        app.MapPost("/api/play-sessions", async (NewPlaySession session, ClaimsPrincipal user, HttpContext context, GameLibrary library) =>
            await context.FindDeviceAsync(session.DeviceId) is { IsUnknown: false } about
                ? library.Add(user.Id(), session, about.Device).AsIs(StatusCodes.Status201Created)
                : UnknownDevice()).RequireScope("roms.user.write", SignIn.AnyScheme);
        app.MapGet("/api/play-sessions", (ClaimsPrincipal user, RequestDevice about, bool? all, GameLibrary library) =>
            about.IsUnknown ? UnknownDevice() : library.Of(user.Id(), all == true ? null : about.Device).AsIs())
            .RequireScope("roms.user.read", SignIn.AnyScheme);

        app.MapPost("/api/sync/negotiate", async (Negotiate request, HttpContext context) => await context.FindDeviceAsync(request.DeviceId) switch
        {
            { IsUnknown: true } => UnknownDevice(),
            { Device: null } => new { detail = "device_id is required" }.AsIs(StatusCodes.Status400BadRequest),
            { Device.SyncEnabled: false } => new { detail = "Sync is disabled for this device" }.AsIs(StatusCodes.Status400BadRequest),
            { Device: var device } => new { device_id = device.Id, sync_mode = device.SyncMode, operations = Array.Empty<object>() }.AsIs(),
        }).RequireScope("assets.read", SignIn.AnyScheme).RequireScope("devices.read", SignIn.AnyScheme);
    }

    private static IResult Me(ClaimsPrincipal user, HttpContext context)
    {
        var account = Accounts.Find(user.Id())!;
        return new
        {
            id = int.Parse(account.Id, System.Globalization.CultureInfo.InvariantCulture),
            username = account.Username,
            enabled = true,
            role = account.Role,
            oauth_scopes = user.FindAll(DeviceTokenDefaults.ScopeClaim).Select(claim => claim.Value),
            current_device_id = context.GetPairedDevice()?.Id,
        }.AsIs();
    }

    private static string Id(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)!;

    private static IResult UnknownDevice() => new { detail = "Device not found" }.AsIs(StatusCodes.Status404NotFound);

    /// <summary>RomM's names are as written above; ASP.NET Core would turn SYSTEM into system.</summary>
    private static IResult AsIs<T>(this T value, int status = StatusCodes.Status200OK) =>
        Results.Json(value, new System.Text.Json.JsonSerializerOptions(), statusCode: status);
}

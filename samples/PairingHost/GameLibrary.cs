using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization;

namespace PairingHost;

/// <summary>The play sessions that devices record, in memory.</summary>
internal sealed class GameLibrary
{
    private readonly ConcurrentQueue<(string UserId, PlaySession Session)> _sessions = new();

    public PlaySession Add(string userId, NewPlaySession session, Device? device)
    {
        var stored = new PlaySession(Guid.NewGuid(), device?.Id, session.RomId, session.StartTime, session.EndTime);
        _sessions.Enqueue((userId, stored));
        return stored;
    }

    /// <summary>The sessions of one device, or of all the user's devices.</summary>
    public PlaySession[] List(string userId, Device? device) =>
        [.. _sessions.Where(entry => entry.UserId == userId && (device is null || entry.Session.DeviceId == device.Id)).Select(entry => entry.Session)];
}

/// <summary>What a device sends. It need not name itself: its token does.</summary>
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

/// <summary>The part of RomM's API that its clients call before and after they pair.</summary>
internal static class GameLibraryEndpoints
{
    public static void MapGameLibrary(this WebApplication app)
    {
        // Clients look here for a version of RomM that can pair: 5 or later.
        app.MapGet("/api/heartbeat", () => Json(new { SYSTEM = new { VERSION = "5.2.0", SHOW_SETUP_WIZARD = false } }));

        app.MapGet("/api/users/me", (ClaimsPrincipal user, HttpContext context, Accounts accounts) =>
        {
            var account = accounts.Find(user.Id())!;
            return Json(new
            {
                id = int.Parse(account.Id, CultureInfo.InvariantCulture),
                username = account.Username,
                enabled = account.IsEnabled,
                role = account.Role,
                oauth_scopes = user.FindAll(DeviceTokenDefaults.ScopeClaim).Select(claim => claim.Value),
                current_device_id = context.GetPairedDevice()?.Id, // null for people and scripts
            });
        }).RequireScope("me.read", SignIn.AnyScheme);

        app.MapGet("/api/platforms", () => Json(new object[] { new { id = 1, slug = "gb", name = "Game Boy", rom_count = 2 } }))
            .RequireScope("platforms.read", SignIn.AnyScheme);

        // A session is of the device that the body names, else of the device that calls. FindDeviceAsync knows only the user's own devices.
        app.MapPost("/api/play-sessions", async (NewPlaySession session, ClaimsPrincipal user, HttpContext context, GameLibrary library) =>
            await context.FindDeviceAsync(session.DeviceId) is { IsUnknown: false } about
                ? Json(library.Add(user.Id(), session, about.Device), StatusCodes.Status201Created)
                : UnknownDevice()).RequireScope("roms.user.write", SignIn.AnyScheme);

        // RequestDevice is the same rule, for a device_id in the query.
        app.MapGet("/api/play-sessions", (ClaimsPrincipal user, RequestDevice about, bool? all, GameLibrary library) =>
            about.IsUnknown ? UnknownDevice() : Json(library.List(user.Id(), all == true ? null : about.Device)))
            .RequireScope("roms.user.read", SignIn.AnyScheme);

        app.MapPost("/api/sync/negotiate", async (Negotiate request, HttpContext context) => await context.FindDeviceAsync(request.DeviceId) switch
        {
            { IsUnknown: true } => UnknownDevice(),
            { Device: null } => Json(new { detail = "device_id is required" }, StatusCodes.Status400BadRequest),
            { Device.SyncEnabled: false } => Json(new { detail = "Sync is disabled for this device" }, StatusCodes.Status400BadRequest),
            { Device: var device } => Json(new { device_id = device.Id, sync_mode = device.SyncMode, operations = Array.Empty<object>() }),
        }).RequireScope("assets.read", SignIn.AnyScheme).RequireScope("devices.read", SignIn.AnyScheme);
    }

    private static string Id(this ClaimsPrincipal user) => user.FindFirstValue(ClaimTypes.NameIdentifier)!;

    private static IResult UnknownDevice() => Json(new { detail = "Device not found" }, StatusCodes.Status404NotFound);

    /// <summary>Keeps the names of members: ASP.NET Core's own options would write SYSTEM as system.</summary>
    private static IResult Json<T>(T value, int status = StatusCodes.Status200OK) => Results.Json(value, JsonSerializerOptions.Default, statusCode: status);
}

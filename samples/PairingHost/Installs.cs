using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using DeviceAuthorization;
using Microsoft.AspNetCore.Mvc;
using static PairingHost.Answers;

namespace PairingHost;

internal sealed record NewInstall([property: JsonPropertyName("rom_id")] int RomId);

/// <param name="Status"><c>done</c>, <c>already_installed</c> or <c>failed</c>.</param>
/// <param name="Reason">Why it failed, for the owner.</param>
internal sealed record InstallReport(
    [property: JsonPropertyName("status")] string? Status = null,
    [property: JsonPropertyName("reason")] string? Reason = null);

/// <summary>A person asks a device to install a game.</summary>
/// <param name="Status"><c>pending</c>, <c>taken</c> by the device, then ended: <c>done</c>, <c>already_installed</c>, <c>failed</c> or <c>cancelled</c>.</param>
internal sealed record Install(
    [property: JsonPropertyName("id")] Guid Id,
    [property: JsonPropertyName("user_id")] int UserId,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("file_ids")] int[] FileIds,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("reason")] string? Reason,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt);

/// <summary>The requests that have not ended, in memory. One that nothing happens to is forgotten after two days.</summary>
internal sealed class Installs(TimeProvider clock)
{
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(2);

    private readonly Lock _lock = new();
    private readonly List<Install> _open = [];

    /// <summary>Asks the device for a game. A request that is open already is answered again.</summary>
    public (Install Install, bool IsNew) Add(Device device, Rom rom)
    {
        lock (_lock)
        {
            if (Open(device.Id).Find(install => install.RomId == rom.Id) is { } known)
            {
                return (known, false);
            }

            var now = clock.GetUtcNow();
            var install = new Install(
                Guid.NewGuid(), int.Parse(device.UserId, CultureInfo.InvariantCulture), device.Id, rom.Id, [.. rom.FileIds.Order()], "pending", null, now, now);
            _open.Add(install);
            return (install, true);
        }
    }

    /// <summary>The oldest first.</summary>
    public Install[] List(string deviceId)
    {
        lock (_lock)
        {
            return [.. Open(deviceId)];
        }
    }

    /// <summary>The device takes what is pending. It gets what it has taken before, too, until it reports the end: the last answer may not have arrived.</summary>
    public Install[] Claim(string deviceId)
    {
        lock (_lock)
        {
            return [.. Open(deviceId).Select(install => install.Status == "pending" ? Update(install, "taken") : install)];
        }
    }

    /// <summary>Ends a request.</summary>
    /// <returns>The request; as it was if it is not <paramref name="taken"/> although it has to be. <see langword="null"/> if no such request is open.</returns>
    public Install? End(string deviceId, Guid id, string status, string? reason = null, bool taken = false)
    {
        lock (_lock)
        {
            if (Open(deviceId).Find(install => install.Id == id) is not { } install || (taken && install.Status != "taken"))
            {
                return Open(deviceId).Find(install => install.Id == id);
            }

            var ended = Update(install, status) with { Reason = reason };
            _open.RemoveAll(open => open.Id == id);
            return ended;
        }
    }

    private List<Install> Open(string deviceId)
    {
        _open.RemoveAll(install => install.UpdatedAt + Lifetime <= clock.GetUtcNow());
        return _open.FindAll(install => install.DeviceId == deviceId);
    }

    private Install Update(Install install, string status) => _open[_open.IndexOf(install)] = install with { Status = status, UpdatedAt = clock.GetUtcNow() };
}

internal static class InstallEndpoints
{
    public static void MapInstalls(this WebApplication app)
    {
        // RequireOwnDevice: another device of the same owner gets 404 here. allowOwner lets the owner pass, too.
        var installs = app.MapGroup("/api/devices/{device_id}/installs");

        installs.MapPost("", async ([FromRoute(Name = "device_id")] string deviceId, NewInstall request, HttpContext context, Installs open, DeviceSockets sockets) =>
            ((await context.FindDeviceAsync(deviceId)).Device, Array.Find(GameLibrary.Roms, rom => rom.Id == request.RomId)) switch
        {
            (null, _) => UnknownDevice(), // removed after the guard let the request pass
            _ when request.RomId < 1 => Error(StatusCodes.Status422UnprocessableEntity, "rom_id must be at least 1"),
            var (device, _) when !device.Can("remote_install") => Error(StatusCodes.Status400BadRequest, $"Device {device.Id} does not accept remote installs"),
            (_, null) => Error(StatusCodes.Status404NotFound, $"Rom with id '{request.RomId}' not found"),
            var (_, rom) when GameLibrary.NotInstallable.Contains(rom.Platform) => Error(
                StatusCodes.Status400BadRequest, $"Roms for {rom.Platform} cannot be installed on a device"),
            (_, { FileIds: [] }) => Error(StatusCodes.Status400BadRequest, "This rom has no installable files"),
            var (device, rom) => Queued(open.Add(device, rom), sockets),
        }).RequireScope("devices.write", SignIn.AnyScheme).RequireScope("roms.read", SignIn.AnyScheme).RequireOwnDevice(allowOwner: true);

        installs.MapGet("", ([FromRoute(Name = "device_id")] string deviceId, Installs open) => Json(open.List(deviceId)))
            .RequireScope("devices.read", SignIn.AnyScheme).RequireOwnDevice(allowOwner: true);

        // No body. The call itself makes the device count as online (GET /api/devices/online).
        installs.MapPost("/claim", ([FromRoute(Name = "device_id")] string deviceId, Installs open) => Json(open.Claim(deviceId)))
            .RequireScope("devices.write", SignIn.AnyScheme).RequireScope("roms.read", SignIn.AnyScheme).RequireOwnDevice();

        installs.MapPut("/{id}", ([FromRoute(Name = "device_id")] string deviceId, string id, InstallReport report, Installs open) => report switch
        {
            { Status: not ("done" or "already_installed" or "failed") } => Error(StatusCodes.Status422UnprocessableEntity, "status is done, already_installed or failed"),
            { Reason.Length: > 500 } => Error(StatusCodes.Status422UnprocessableEntity, "reason may have 500 characters at most"),
            _ => open.End(deviceId, Parse(id), report.Status, report.Reason, taken: true) switch
            {
                null => UnknownInstall(id),
                { Status: "pending" } => Error(StatusCodes.Status409Conflict, $"Cannot move a pending request to {report.Status}"),
                var ended => Json(ended),
            },
        }).RequireScope("devices.write", SignIn.AnyScheme).RequireOwnDevice();

        installs.MapDelete("/{id}", ([FromRoute(Name = "device_id")] string deviceId, string id, Installs open, DeviceSockets sockets) =>
        {
            if (open.End(deviceId, Parse(id), "cancelled") is not { } cancelled)
            {
                return UnknownInstall(id);
            }

            sockets.Send(deviceId, new { type = "install:cancelled", id = cancelled.Id, rom_id = cancelled.RomId });
            return Json(cancelled);
        }).RequireScope("devices.write", SignIn.AnyScheme).RequireOwnDevice(allowOwner: true);
    }

    private static IResult Queued((Install Install, bool IsNew) added, DeviceSockets sockets)
    {
        var (install, isNew) = added;
        if (!isNew)
        {
            return Json(install);
        }

        sockets.Send(install.DeviceId, new { type = "install:queued", id = install.Id, rom_id = install.RomId });
        return Json(install, StatusCodes.Status201Created);
    }

    private static Guid Parse(string id) => Guid.TryParse(id, out var parsed) ? parsed : Guid.Empty; // which no request has

    private static IResult UnknownInstall(string id) => Error(StatusCodes.Status404NotFound, $"Install request {id} not found");
}

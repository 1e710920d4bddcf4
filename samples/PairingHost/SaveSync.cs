using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using DeviceAuthorization;
using Microsoft.AspNetCore.Mvc;
using static PairingHost.Answers;

namespace PairingHost;

/// <summary>What a device has, and which games it wants saves of. It need not name itself: its token does.</summary>
/// <param name="Saves">Every save on the device.</param>
/// <param name="DeviceId">The device, if it is another one than the device that calls.</param>
/// <param name="RomIds">The games on the device; <see langword="null"/> for all. Those of <paramref name="Saves"/> count as well.</param>
/// <param name="RestoreUnlisted">Offer saves, too, that the device once had and has no more.</param>
/// <param name="Emulators">Offer only saves of these emulators; <see langword="null"/> for all.</param>
internal sealed record Negotiate(
    [property: JsonPropertyName("saves")] SaveOnDevice[]? Saves,
    [property: JsonPropertyName("device_id")] string? DeviceId = null,
    [property: JsonPropertyName("rom_ids")] int[]? RomIds = null,
    [property: JsonPropertyName("restore_unlisted")] bool? RestoreUnlisted = null,
    [property: JsonPropertyName("emulators")] string?[]? Emulators = null);

internal sealed record SaveOnDevice(
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("file_name")] string FileName,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt,
    [property: JsonPropertyName("file_size_bytes")] long FileSizeBytes,
    [property: JsonPropertyName("slot")] string? Slot = null,
    [property: JsonPropertyName("emulator")] string? Emulator = null,
    [property: JsonPropertyName("content_hash")] string? ContentHash = null);

internal sealed record Negotiated(
    [property: JsonPropertyName("session_id")] int SessionId,
    [property: JsonPropertyName("operations")] SyncOperation[] Operations)
{
    [JsonPropertyName("total_upload")]
    public int Uploads => Count("upload");

    [JsonPropertyName("total_download")]
    public int Downloads => Count("download");

    [JsonPropertyName("total_conflict")]
    public int Conflicts => Count("conflict");

    [JsonPropertyName("total_no_op")]
    public int NoOps => Count("no_op");

    [JsonPropertyName("total_delete")]
    public int Deletes => Count("delete");

    private int Count(string action) => Operations.Count(operation => operation.Action == action);
}

/// <summary>What the device is to do.</summary>
/// <param name="Action"><c>upload</c>, <c>download</c>, <c>conflict</c>, <c>no_op</c> or <c>delete</c>.</param>
internal sealed record SyncOperation(
    [property: JsonPropertyName("action")] string Action,
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("save_id")] int? SaveId,
    [property: JsonPropertyName("file_name")] string FileName,
    [property: JsonPropertyName("slot")] string? Slot,
    [property: JsonPropertyName("emulator")] string? Emulator,
    [property: JsonPropertyName("reason")] string Reason,
    [property: JsonPropertyName("server_updated_at")] DateTimeOffset? ServerUpdatedAt,
    [property: JsonPropertyName("server_content_hash")] string? ServerContentHash);

/// <summary>How the device fared with its operations.</summary>
internal sealed record SyncReport(
    [property: JsonPropertyName("operations_completed")] int OperationsCompleted = 0,
    [property: JsonPropertyName("operations_failed")] int OperationsFailed = 0,
    [property: JsonPropertyName("play_sessions")] Played[]? PlaySessions = null);

internal sealed record SyncSession(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("device_id")] string DeviceId,
    [property: JsonPropertyName("user_id")] int UserId,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("initiated_at")] DateTimeOffset InitiatedAt,
    [property: JsonPropertyName("completed_at")] DateTimeOffset? CompletedAt,
    [property: JsonPropertyName("operations_planned")] int OperationsPlanned,
    [property: JsonPropertyName("operations_completed")] int OperationsCompleted,
    [property: JsonPropertyName("operations_failed")] int OperationsFailed,
    [property: JsonPropertyName("error_message")] string? ErrorMessage,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt);

/// <summary>The rules of the sync, and its sessions in memory. A device may have several sessions open: one for each game that it starts.</summary>
internal sealed class SaveSync(Saves saves, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<SyncSession> _sessions = [];

    public Negotiated Negotiate(string userId, Device device, Negotiate request)
    {
        var shared = saves.List(userId).Where(save => save.Slot is not null).ToDictionary(save => (save.RomId, save.Slot!));
        var listed = request.Saves!.Select(mine => mine with { Slot = mine.Slot is "" ? null : mine.Slot }).ToArray();
        var operations = listed.Select(mine => ForListed(device, mine, mine.Slot is null ? null : shared.GetValueOrDefault((mine.RomId, mine.Slot)))).ToList();

        // What the device does not list, it may want.
        foreach (var listedSlot in listed.Where(mine => mine.Slot is not null))
        {
            shared.Remove((listedSlot.RomId, listedSlot.Slot!));
        }

        operations.AddRange(shared.Values
            .Where(save => request.RomIds is null || request.RomIds.Contains(save.RomId) || listed.Any(mine => mine.RomId == save.RomId))
            .Where(save => request.Emulators is null || request.Emulators.Contains(save.Emulator))
            .Where(save => request.RestoreUnlisted == true || saves.WasInCommon(device.Id, save.RomId, save.Slot!)?.ContentHash != save.ContentHash) // else it was deleted on the device
            .Select(save => Operation("download", save, "The device does not have this save")));

        var now = clock.GetUtcNow();
        lock (_lock)
        {
            var planned = operations.Count(operation => operation.Action != "no_op");
            _sessions.Add(new(_sessions.Count + 1, device.Id, int.Parse(userId, CultureInfo.InvariantCulture), "in_progress", now, null, planned, 0, 0, null, now, now));
            return new(_sessions.Count, [.. operations]);
        }
    }

    /// <summary>Ends a session.</summary>
    /// <returns>The session, and whether it was still open; <see langword="null"/> if the user has no such session.</returns>
    public (SyncSession Session, bool WasOpen)? Complete(string userId, int id, SyncReport report)
    {
        lock (_lock)
        {
            if (Find(userId, id) is not { Status: "in_progress" } open)
            {
                return Find(userId, id) is { } ended ? (ended, false) : null;
            }

            var now = clock.GetUtcNow();
            return (_sessions[id - 1] = open with
            {
                Status = "completed",
                CompletedAt = now,
                OperationsCompleted = report.OperationsCompleted,
                OperationsFailed = report.OperationsFailed,
                UpdatedAt = now,
            }, true);
        }
    }

    public SyncSession? Find(string userId, int id) => Array.Find(List(userId), session => session.Id == id);

    /// <summary>The latest first.</summary>
    public SyncSession[] List(string userId)
    {
        lock (_lock)
        {
            return [.. _sessions.Where(session => session.UserId == int.Parse(userId, CultureInfo.InvariantCulture)).Reverse()];
        }
    }

    private SyncOperation ForListed(Device device, SaveOnDevice mine, Save? server)
    {
        var (action, reason) = Decide(mine, server, mine.Slot is null ? null : saves.WasInCommon(device.Id, mine.RomId, mine.Slot));
        if (action == "no_op" && IsSame(mine.ContentHash, server!.ContentHash))
        {
            saves.NowInCommon(device.Id, server);
        }

        // What the device is to send or to remove is named as the device knows it.
        return action is "upload" or "delete"
            ? new(action, mine.RomId, null, mine.FileName, mine.Slot, mine.Emulator, reason, server?.UpdatedAt, server?.ContentHash)
            : Operation(action, server!, reason);
    }

    /// <summary>Compares three saves of a slot: the device's, the server's, and what both last had in common. Who changed it, wins; if both did, a person decides.</summary>
    private static (string Action, string Reason) Decide(SaveOnDevice mine, Save? server, InCommon? before)
    {
        if (server is not null && IsSame(mine.ContentHash, server.ContentHash))
        {
            return ("no_op", "Both are the same");
        }

        // Old clients send no hash: then only the time says whether the device changed its save.
        var deviceChanged = before is null || (mine.ContentHash is null ? mine.UpdatedAt > before.At : !IsSame(mine.ContentHash, before.ContentHash));
        var serverChanged = server is not null && !IsSame(before?.ContentHash, server.ContentHash);
        return (server, deviceChanged, serverChanged) switch
        {
            (null, true, _) => ("upload", "The server does not have this save"),
            (null, false, _) => ("delete", "The save was deleted on the server"),
            (_, true, true) => ("conflict", "The device and the server have different saves"),
            (_, true, false) => ("upload", "The device has a newer save"),
            (_, false, true) => ("download", "The server has a newer save"),
            (_, false, false) => ("no_op", "Neither has changed"),
        };
    }

    private static bool IsSame(string? hash, string? other) => string.Equals(hash, other, StringComparison.OrdinalIgnoreCase);

    private static SyncOperation Operation(string action, Save save, string reason) =>
        new(action, save.RomId, save.Id, save.FileName, save.Slot, save.Emulator, reason, save.UpdatedAt, save.ContentHash);
}

internal static class SaveSyncEndpoints
{
    public static void MapSaveSync(this WebApplication app)
    {
        app.MapPost("/api/sync/negotiate", async (Negotiate request, ClaimsPrincipal user, HttpContext context, SaveSync sync) => request switch
        {
            { Saves: null } => Error(StatusCodes.Status422UnprocessableEntity, "saves is required"),
            _ when request.Saves.Any(save => save?.FileName is null) => Error(StatusCodes.Status422UnprocessableEntity, "each save needs a file_name"),
            { RomIds.Length: > 500 } => Error(StatusCodes.Status422UnprocessableEntity, "rom_ids may have 500 ids at most"),
            _ => await context.FindDeviceAsync(request.DeviceId) switch
            {
                { IsUnknown: true } => UnknownDevice(),
                { Device: null } => Error(
                    StatusCodes.Status400BadRequest, "device_id is required (either in the request payload or implicit via a device-bound client token)"),
                { Device.SyncEnabled: false } => Error(StatusCodes.Status400BadRequest, "Sync is disabled for this device"),
                { Device: var device } => Json(sync.Negotiate(user.Id(), device, request)),
            },
        }).RequireScope("assets.read", SignIn.AnyScheme).RequireScope("devices.read", SignIn.AnyScheme);

        app.MapPost("/api/sync/sessions/{id:int}/complete", (int id, SyncReport report, ClaimsPrincipal user, SaveSync sync, PlaySessions played) =>
        {
            if (report.PlaySessions?.All(Played.IsValid) == false)
            {
                return PlaySessionEndpoints.InvalidSession();
            }

            return sync.Complete(user.Id(), id, report) switch
            {
                null => UnknownSession(id),
                { WasOpen: false, Session: var ended } => Error(StatusCodes.Status400BadRequest, $"Session is already {ended.Status}"),
                { Session: var session } => Json(new
                {
                    session,
                    play_session_ingest = report.PlaySessions is null or [] ? null : played.Add(user.Id(), session.DeviceId, report.PlaySessions),
                }),
            };
        }).RequireScope("devices.write", SignIn.AnyScheme);

        app.MapGet("/api/sync/sessions", ([FromQuery(Name = "device_id")] string? deviceId, int? limit, ClaimsPrincipal user, SaveSync sync) =>
            Json(sync.List(user.Id()).Where(session => string.IsNullOrEmpty(deviceId) || session.DeviceId == deviceId).Take(limit ?? 50)))
            .RequireScope("devices.read", SignIn.AnyScheme);

        app.MapGet("/api/sync/sessions/{id:int}", (int id, ClaimsPrincipal user, SaveSync sync) => sync.Find(user.Id(), id) is { } session ? Json(session) : UnknownSession(id))
            .RequireScope("devices.read", SignIn.AnyScheme);
    }

    private static IResult UnknownSession(int id) => Error(StatusCodes.Status404NotFound, $"Sync session with ID {id} not found");
}

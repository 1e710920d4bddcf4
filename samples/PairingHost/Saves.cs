using System.Diagnostics.CodeAnalysis;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using DeviceAuthorization;
using Microsoft.AspNetCore.Mvc;
using static PairingHost.Answers;

namespace PairingHost;

/// <summary>A save of a game. Devices share a save by its slot. A save without a slot is kept, and takes no part in the sync.</summary>
internal sealed record Save(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("rom_id")] int RomId,
    [property: JsonPropertyName("file_name")] string FileName,
    [property: JsonPropertyName("slot")] string? Slot,
    [property: JsonPropertyName("emulator")] string? Emulator,
    [property: JsonPropertyName("content_hash")] string ContentHash,
    [property: JsonPropertyName("file_size_bytes")] int FileSizeBytes,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt)
{
    [JsonIgnore]
    public byte[] Content { get; init; } = [];
}

/// <summary>What a device and the server had in a slot when they were last the same.</summary>
internal sealed record InCommon(string ContentHash, DateTimeOffset At);

internal sealed record DeleteSaves([property: JsonPropertyName("saves")] int[]? Saves);

internal sealed record Downloaded([property: JsonPropertyName("device_id")] string? DeviceId = null);

/// <summary>The saves of all users, in memory. A slot holds one save: the next upload takes its place.</summary>
internal sealed class Saves(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<(string UserId, Save Save)> _all = [];
    private readonly Dictionary<(string DeviceId, int RomId, string Slot), InCommon> _inCommon = [];
    private int _lastId;

    public Save[] List(string userId)
    {
        lock (_lock)
        {
            return [.. _all.Where(entry => entry.UserId == userId).Select(entry => entry.Save)];
        }
    }

    public Save? Find(string userId, int id) => Array.Find(List(userId), save => save.Id == id);

    /// <summary>Keeps an upload.</summary>
    /// <returns><see langword="null"/> if the slot has a save that the device does not know, which <paramref name="overwrite"/> would replace.</returns>
    public Save? Add(string userId, Device? device, Save save, bool overwrite)
    {
        lock (_lock)
        {
            var current = save.Slot is null ? null : _all.Find(entry => entry.UserId == userId && entry.Save.RomId == save.RomId && entry.Save.Slot == save.Slot).Save;
            if (current is not null && device is not null && !overwrite && current.ContentHash != save.ContentHash
                && WasInCommon(device.Id, save.RomId, save.Slot!)?.ContentHash != current.ContentHash)
            {
                return null;
            }

            _all.RemoveAll(entry => entry.Save == current);
            save = save with { Id = ++_lastId, UpdatedAt = clock.GetUtcNow() };
            _all.Add((userId, save));
            NowInCommon(device?.Id, save);
            return save;
        }
    }

    /// <summary>Puts other content into a save, whatever the device knew of it.</summary>
    public Save? Replace(string userId, Device? device, int id, Save upload)
    {
        lock (_lock)
        {
            var index = _all.FindIndex(entry => entry.UserId == userId && entry.Save.Id == id);
            if (index < 0)
            {
                return null;
            }

            var save = _all[index].Save with
            {
                Content = upload.Content,
                ContentHash = upload.ContentHash,
                FileSizeBytes = upload.FileSizeBytes,
                UpdatedAt = clock.GetUtcNow(),
            };
            _all[index] = (userId, save);
            NowInCommon(device?.Id, save);
            return save;
        }
    }

    /// <summary>Deletes all of them, or none if one is unknown. What devices had in common with them stays known: so the sync tells them of the deletion.</summary>
    public bool TryRemove(string userId, int[] ids)
    {
        lock (_lock)
        {
            return ids.All(id => Find(userId, id) is not null) && _all.RemoveAll(entry => ids.Contains(entry.Save.Id)) >= 0;
        }
    }

    public InCommon? WasInCommon(string deviceId, int romId, string slot)
    {
        lock (_lock)
        {
            return _inCommon.GetValueOrDefault((deviceId, romId, slot));
        }
    }

    /// <summary>The device has this save now.</summary>
    public void NowInCommon(string? deviceId, Save save)
    {
        if (deviceId is not null && save.Slot is not null)
        {
            lock (_lock)
            {
                _inCommon[(deviceId, save.RomId, save.Slot)] = new(save.ContentHash, clock.GetUtcNow());
            }
        }
    }
}

internal static class SaveEndpoints
{
    public static void MapSaves(this WebApplication app)
    {
        // RequestDevice is the device that device_id in the query names, or else the device that calls.
        app.MapPost("/api/saves", async (
            [FromQuery(Name = "rom_id")] int romId, string? slot, string? emulator, bool? overwrite, IFormFile saveFile, ClaimsPrincipal user, RequestDevice from, Saves saves) =>
        {
            if (from.IsUnknown)
            {
                return UnknownDevice();
            }

            var upload = await ReadAsync(saveFile) with { RomId = romId, Slot = NullIfEmpty(slot), Emulator = NullIfEmpty(emulator) };
            return saves.Add(user.Id(), from.Device, upload, overwrite == true) is { } save
                ? Json(save)
                : Error(StatusCodes.Status409Conflict, "The slot has a save that this device does not know");
        }).RequireScope("assets.write", SignIn.AnyScheme).DisableAntiforgery(); // another site's form comes without the cookie, which is SameSite=Lax

        app.MapPut("/api/saves/{id:int}", async (int id, IFormFile saveFile, ClaimsPrincipal user, RequestDevice from, Saves saves) =>
        {
            if (from.IsUnknown)
            {
                return UnknownDevice();
            }

            return saves.Replace(user.Id(), from.Device, id, await ReadAsync(saveFile)) is { } save ? Json(save) : UnknownSave(id);
        }).RequireScope("assets.write", SignIn.AnyScheme).DisableAntiforgery();

        app.MapGet("/api/saves", ([FromQuery(Name = "rom_id")] int? romId, ClaimsPrincipal user, Saves saves) =>
            Json(saves.List(user.Id()).Where(save => romId is null || save.RomId == romId))).RequireScope("assets.read", SignIn.AnyScheme);

        // The device has the save once it is read, unless it says optimistic=false and confirms the download.
        app.MapGet("/api/saves/{id:int}/content", (int id, bool? optimistic, ClaimsPrincipal user, RequestDevice to, Saves saves) =>
        {
            if (to.IsUnknown)
            {
                return UnknownDevice();
            }

            if (saves.Find(user.Id(), id) is not { } save)
            {
                return UnknownSave(id);
            }

            saves.NowInCommon(optimistic == false ? null : to.Device?.Id, save);
            return Results.File(save.Content, "application/octet-stream", save.FileName);
        }).RequireScope("assets.read", SignIn.AnyScheme);

        app.MapPost("/api/saves/{id:int}/downloaded", async (int id, Downloaded downloaded, ClaimsPrincipal user, HttpContext context, Saves saves) =>
        {
            if (await context.FindDeviceAsync(downloaded.DeviceId) is not { Device: { } device })
            {
                return UnknownDevice();
            }

            if (saves.Find(user.Id(), id) is not { } save)
            {
                return UnknownSave(id);
            }

            saves.NowInCommon(device.Id, save);
            return Json(save);
        }).RequireScope("devices.write", SignIn.AnyScheme);

        app.MapPost("/api/saves/delete", (DeleteSaves delete, ClaimsPrincipal user, Saves saves) => delete.Saves switch
        {
            null or [] => Error(StatusCodes.Status400BadRequest, "No saves were provided"),
            var ids => saves.TryRemove(user.Id(), ids) ? Json(ids) : Error(StatusCodes.Status404NotFound, "Save not found"),
        }).RequireScope("assets.write", SignIn.AnyScheme);
    }

    private static IResult UnknownSave(int id) => Error(StatusCodes.Status404NotFound, $"Save with ID {id} not found");

    private static string? NullIfEmpty(string? text) => text is "" ? null : text;

    [SuppressMessage("Security", "CA5351", Justification = "RomM's clients send MD5. It finds equal files here; it protects nothing.")]
    private static async Task<Save> ReadAsync(IFormFile file)
    {
        using var buffer = new MemoryStream();
        await file.CopyToAsync(buffer);
        var content = buffer.ToArray();
        return new(0, 0, file.FileName, null, null, Convert.ToHexStringLower(MD5.HashData(content)), content.Length, default) { Content = content };
    }
}

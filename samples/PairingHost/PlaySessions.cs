using System.Globalization;
using System.Security.Claims;
using System.Text.Json.Serialization;
using DeviceAuthorization;
using Microsoft.AspNetCore.Mvc;
using static PairingHost.Answers;

namespace PairingHost;

/// <summary>What a device played. It need not name itself: its token does.</summary>
internal sealed record PlayReport(
    [property: JsonPropertyName("sessions")] Played[]? Sessions,
    [property: JsonPropertyName("device_id")] string? DeviceId = null);

internal sealed record Played(
    [property: JsonPropertyName("start_time")] DateTimeOffset StartTime,
    [property: JsonPropertyName("end_time")] DateTimeOffset EndTime,
    [property: JsonPropertyName("duration_ms")] long DurationMs,
    [property: JsonPropertyName("rom_id")] int? RomId = null,
    [property: JsonPropertyName("save_slot")] string? SaveSlot = null)
{
    /// <summary>RomM compares whole seconds.</summary>
    public static bool IsValid(Played? session) =>
        session is { DurationMs: >= 0 } && session.EndTime.ToUnixTimeSeconds() > session.StartTime.ToUnixTimeSeconds();
}

internal sealed record PlaySession(
    [property: JsonPropertyName("id")] int Id,
    [property: JsonPropertyName("user_id")] int UserId,
    [property: JsonPropertyName("device_id")] string? DeviceId,
    [property: JsonPropertyName("rom_id")] int? RomId,
    [property: JsonPropertyName("save_slot")] string? SaveSlot,
    [property: JsonPropertyName("start_time")] DateTimeOffset StartTime,
    [property: JsonPropertyName("end_time")] DateTimeOffset EndTime,
    [property: JsonPropertyName("duration_ms")] long DurationMs,
    [property: JsonPropertyName("created_at")] DateTimeOffset CreatedAt,
    [property: JsonPropertyName("updated_at")] DateTimeOffset UpdatedAt);

internal sealed record PlayReportAnswer(
    [property: JsonPropertyName("results")] PlayResult[] Results,
    [property: JsonPropertyName("created_count")] int CreatedCount,
    [property: JsonPropertyName("skipped_count")] int SkippedCount);

/// <param name="Status"><c>created</c>, or <c>duplicate</c>: a device may send a report again.</param>
internal sealed record PlayResult(
    [property: JsonPropertyName("index")] int Index,
    [property: JsonPropertyName("status")] string Status,
    [property: JsonPropertyName("id")] int? Id,
    [property: JsonPropertyName("detail")] string? Detail);

/// <summary>Which sessions a caller wants to see.</summary>
internal sealed record PlayFilter(
    [property: FromQuery(Name = "rom_id")] int? RomId,
    [property: FromQuery(Name = "start_after")] DateTimeOffset? StartAfter,
    [property: FromQuery(Name = "end_before")] DateTimeOffset? EndBefore,
    [property: FromQuery(Name = "limit")] int? Limit,
    [property: FromQuery(Name = "offset")] int? Offset);

/// <summary>The play sessions that devices report, in memory.</summary>
internal sealed class PlaySessions(TimeProvider clock)
{
    private readonly Lock _lock = new();
    private readonly List<PlaySession> _all = [];

    public PlayReportAnswer Add(string userId, string? deviceId, Played[] reported)
    {
        var owner = int.Parse(userId, CultureInfo.InvariantCulture);
        var now = clock.GetUtcNow();
        lock (_lock)
        {
            PlayResult[] results = [.. reported.Select((played, index) =>
            {
                if (_all.Find(known => (known.UserId, known.DeviceId, known.RomId, known.StartTime) == (owner, deviceId, played.RomId, played.StartTime)) is { } known)
                {
                    return new PlayResult(index, "duplicate", known.Id, null);
                }

                _all.Add(new(_all.Count + 1, owner, deviceId, played.RomId, played.SaveSlot, played.StartTime, played.EndTime, played.DurationMs, now, now));
                return new PlayResult(index, "created", _all.Count, null);
            })];
            var created = results.Count(result => result.Status == "created");
            return new(results, created, results.Length - created);
        }
    }

    /// <summary>A user's sessions, the latest first: on one device, or on all of them.</summary>
    public PlaySession[] List(string userId, string? deviceId, PlayFilter filter)
    {
        lock (_lock)
        {
            var found = _all.Where(session => session.UserId == int.Parse(userId, CultureInfo.InvariantCulture)
                    && (deviceId is null || session.DeviceId == deviceId)
                    && (filter.RomId is null || session.RomId == filter.RomId)
                    && (filter.StartAfter is null || session.StartTime > filter.StartAfter)
                    && (filter.EndBefore is null || session.EndTime < filter.EndBefore))
                .OrderByDescending(session => session.StartTime).ThenByDescending(session => session.Id);
            return filter is { StartAfter: null, EndBefore: null } // a range of time is answered whole
                ? [.. found.Skip(filter.Offset ?? 0).Take(filter.Limit ?? 50)]
                : [.. found];
        }
    }
}

internal static class PlaySessionEndpoints
{
    public static void MapPlaySessions(this WebApplication app)
    {
        // A report is about the device that the body names, or else about the device that calls. FindDeviceAsync knows only the user's own devices.
        app.MapPost("/api/play-sessions", async (PlayReport report, ClaimsPrincipal user, HttpContext context, PlaySessions sessions) => report.Sessions switch
        {
            null => Error(StatusCodes.Status422UnprocessableEntity, "sessions is required"),
            [] => Error(StatusCodes.Status400BadRequest, "Payload must contain at least one session"),
            { Length: > 100 } => Error(StatusCodes.Status400BadRequest, "Batch size exceeds maximum of 100"),
            var played when !played.All(Played.IsValid) => InvalidSession(),
            var played => await context.FindDeviceAsync(report.DeviceId) is { IsUnknown: false } about
                ? Json(sessions.Add(user.Id(), about.Device?.Id, played), StatusCodes.Status201Created)
                : UnknownDevice(),
        }).RequireScope("roms.user.write", SignIn.AnyScheme);

        // Reading never guesses the device. Who may see the user's devices may see the sessions of all; any other device sees its own, and must name itself.
        app.MapGet("/api/play-sessions", async (
            [FromQuery(Name = "device_id")] string? deviceId, [AsParameters] PlayFilter filter, ClaimsPrincipal user, HttpContext context, PlaySessions sessions) =>
        {
            var named = string.IsNullOrEmpty(deviceId) ? null : deviceId;
            if (!user.HasClaim(DeviceTokenDefaults.ScopeClaim, "devices.read") && (named is null || named != context.GetPairedDevice()?.Id))
            {
                return Error(StatusCodes.Status403Forbidden, "Forbidden");
            }

            if (filter is { Limit: < 1 or > 10_000 } or { Offset: < 0 })
            {
                return Error(StatusCodes.Status422UnprocessableEntity, "limit is from 1 to 10000, offset from 0");
            }

            return named is not null && await context.FindDeviceAsync(named) is { IsUnknown: true } ? UnknownDevice() : Json(sessions.List(user.Id(), named, filter));
        }).RequireScope("roms.user.read", SignIn.AnyScheme);
    }

    public static IResult InvalidSession() => Error(StatusCodes.Status422UnprocessableEntity, "end_time must be after start_time, and duration_ms not negative");
}

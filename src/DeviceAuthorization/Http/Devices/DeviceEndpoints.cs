using System.Text.Json;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace DeviceAuthorization.Http.Devices;

/// <summary>The registry of devices, in RomM's JSON: register, list, get, change, delete. Everybody sees their own only.</summary>
internal static class DeviceEndpoints
{
    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Management);
        group.MapPost("/", RegisterAsync).Describe(ManagementDescriptions.Register);
        group.MapGet("/", ListAsync).Describe(ManagementDescriptions.ListDevices);
        group.MapGet("/{id}", GetAsync).Describe(ManagementDescriptions.GetDevice);
        group.MapPut("/{id}", (string id, HttpContext context, DeviceApi api) => ChangeAsync(id, context, api, merges: false)).Describe(ManagementDescriptions.PutDevice);
        group.MapPatch("/{id}", (string id, HttpContext context, DeviceApi api) => ChangeAsync(id, context, api, merges: true)).Describe(ManagementDescriptions.PatchDevice);
        group.MapDelete("/{id}", DeleteAsync).Describe(ManagementDescriptions.DeleteDevice);
        return group;
    }

    /// <summary>
    /// A device registers without pairing: 201 for a new one, 200 for one that is recognised, 409 when it shall not be, 400 when the user has as
    /// many as allowed.
    /// </summary>
    private static async Task<IResult> RegisterAsync(HttpContext context, DeviceApi api)
    {
        if (!(await api.WriteAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        if (!(await api.ReadBodyAsync(context)).TryGet(out var body, out var unread))
        {
            return unread;
        }

        if (!RegisterFlags.TryRead(body.Json, out var flags))
        {
            return JsonDialect.Unprocessable("allow_existing, allow_duplicate and reset_syncs must be true or false.");
        }

        var now = api.Clock.Now();
        var blank = new Device { Id = Guid.NewGuid().ToString(), UserId = caller.UserId, LastSeenAt = now, CreatedAt = now, UpdatedAt = now };
        if (body.Change.Apply(blank, merges: false, out var problem) is not { } device)
        {
            return JsonDialect.Unprocessable(problem!);
        }

        if (await api.Registry.AddOrFindAsync(
            flags.AllowDuplicate ? device with { Fingerprint = null } : device, context.RequestAborted) is not { } stored)
        {
            return LimitReached(api.Options.MaxDevicesPerUser);
        }

        if (stored.Id == device.Id)
        {
            return TypedResults.Json(DeviceCreateResponse.From(stored), WireJson.Default.DeviceCreateResponse, statusCode: StatusCodes.Status201Created);
        }

        if (!flags.AllowExisting)
        {
            return Conflict(stored.Id);
        }

        if (flags.ResetSyncs)
        {
            await api.Events.SyncsResetAsync(stored, context.RequestAborted);
        }

        await api.Registry.ChangeAsync(caller.UserId, stored.Id, known => known with { LastSeenAt = now }, context.RequestAborted);
        return TypedResults.Json(DeviceCreateResponse.From(stored), WireJson.Default.DeviceCreateResponse);
    }

    private static async Task<IResult> ListAsync(HttpContext context, DeviceApi api)
    {
        if (!(await api.ReadAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        var devices = await api.Repository.ListAsync(caller.UserId, context.RequestAborted);
        return TypedResults.Json([.. devices.Select(DeviceSchema.From)], DeepJson.Default.DeviceSchemaArray);
    }

    private static async Task<IResult> GetAsync(string id, HttpContext context, DeviceApi api)
    {
        if (!(await api.ReadAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        return await api.Repository.FindAsync(caller.UserId, id, context.RequestAborted) is { } device ? Found(device) : NotFound();
    }

    private static async Task<IResult> ChangeAsync(string id, HttpContext context, DeviceApi api, bool merges)
    {
        if (!(await api.WriteAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        if (!(await api.ReadBodyAsync(context)).TryGet(out var body, out var unread))
        {
            return unread;
        }

        string? problem = null;
        var (device, isConflict) = await api.Registry.ChangeAsync(
            caller.UserId, id, stored => body.Change.Apply(stored, merges, out problem) ?? stored, context.RequestAborted);
        return (problem, isConflict, device) switch
        {
            ({ } tooLarge, _, _) => JsonDialect.Unprocessable(tooLarge),
            (_, true, _) => Conflict(id),
            (_, _, { } changed) => Found(changed),
            _ => NotFound(),
        };
    }

    /// <summary>The device and its tokens are gone at once.</summary>
    private static async Task<IResult> DeleteAsync(string id, HttpContext context, DeviceApi api)
    {
        if (!(await api.WriteAsync(context)).TryGet(out var caller, out var refusal))
        {
            return refusal;
        }

        return await api.Registry.RemoveAsync(caller.UserId, id, context.RequestAborted) ? TypedResults.NoContent() : NotFound();
    }

    /// <summary>A user has as many devices as allowed; in the words that RomM has for tokens.</summary>
    public static IResult LimitReached(int limit) => JsonDialect.Error(StatusCodes.Status400BadRequest, $"Maximum of {limit} devices per user reached");

    private static JsonHttpResult<DeviceSchema> Found(Device device) => TypedResults.Json(DeviceSchema.From(device), DeepJson.Default.DeviceSchema);

    // RomM names the id in it; an id that is not the caller's is not repeated here.
    private static IResult NotFound() => JsonDialect.Error(StatusCodes.Status404NotFound, "Device not found");

    private static JsonHttpResult<RomMConflict> Conflict(string deviceId) => TypedResults.Json(
        new RomMConflict(new RomMExistingDevice("device_exists", "A device with this fingerprint already exists", deviceId)),
        WireJson.Default.RomMConflict,
        statusCode: StatusCodes.Status409Conflict);

    private readonly record struct RegisterFlags(bool AllowExisting, bool AllowDuplicate, bool ResetSyncs)
    {
        public static bool TryRead(JsonElement body, out RegisterFlags flags)
        {
            flags = default;
            if (!TryRead(body, "allow_existing", true, out var existing)
                || !TryRead(body, "allow_duplicate", false, out var duplicate)
                || !TryRead(body, "reset_syncs", false, out var reset))
            {
                return false;
            }

            flags = new(existing && !duplicate, duplicate, reset);
            return true;
        }

        private static bool TryRead(JsonElement body, string name, bool absent, out bool value)
        {
            value = absent;
            if (!body.TryGetProperty(name, out var member))
            {
                return true;
            }

            value = member.ValueKind == JsonValueKind.True;
            return member.ValueKind is JsonValueKind.True or JsonValueKind.False;
        }
    }
}

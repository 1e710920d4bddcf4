using System.Text.Json;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Flow;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Devices;

/// <summary>The registry of devices, in RomM's JSON: register, list, get, change, delete. Callers see only their own devices.</summary>
internal static class DeviceEndpoints
{
    private delegate Device? Change(DeviceChange change, Device stored, out string? problem);

    public static RouteGroupBuilder Map(IEndpointRouteBuilder endpoints, string prefix)
    {
        var group = endpoints.MapOwn(prefix, EndpointRole.Management);
        group.MapPost("/", RegisterAsync).Describe(DeviceDescriptions.Register);
        group.MapGet("/", ListAsync).Describe(DeviceDescriptions.ListDevices);
        group.MapGet("/online", OnlineAsync).Describe(DeviceDescriptions.OnlineDevices); // routing prefers it to an id
        group.MapGet("/{id}", GetAsync).Describe(DeviceDescriptions.GetDevice);
        group.MapPut("/{id}", PutAsync).Describe(DeviceDescriptions.PutDevice);
        group.MapPatch("/{id}", PatchAsync).Describe(DeviceDescriptions.PatchDevice);
        group.MapDelete("/{id}", DeleteAsync).Describe(DeviceDescriptions.DeleteDevice);
        return group;
    }

    /// <summary>
    /// A device registers without pairing. 201: it is new. 200: it is known. 409: it is known, and the request does not allow that. 400: the user has
    /// reached the limit of devices.
    /// </summary>
    private static Task<IResult> RegisterAsync(
        HttpContext context, ApiCallers callers, DeviceBodies bodies, DeviceRegistry registry, IDeviceEvents events, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock) =>
        callers.HandleAsync(context, ApiAccess.WriteDevices, bodies.ReadAsync, async (caller, body) =>
        {
            if (!RegisterFlags.TryRead(body.Json, out var flags))
            {
                return Problems.Unprocessable("allow_existing, allow_duplicate and reset_syncs must be true or false.");
            }

            var now = clock.Now();
            var blank = new Device { Id = Guid.NewGuid().ToString(), UserId = caller.UserId, LastSeenAt = now, CreatedAt = now, UpdatedAt = now };
            if (body.Change.Replace(blank, out var problem) is not { } device)
            {
                return Problems.Unprocessable(problem!);
            }

            if (await registry.AddOrFindAsync(flags.AllowDuplicate ? device with { Fingerprint = null } : device, context.RequestAborted) is not { } stored)
            {
                return ApproverJson.LimitReached(options.Value.MaxDevicesPerUser, "devices");
            }

            if (stored.Id == device.Id)
            {
                return TypedResults.Json(DeviceCreateResponse.From(stored), RomMJson.Default.DeviceCreateResponse, statusCode: StatusCodes.Status201Created);
            }

            if (!flags.AllowExisting)
            {
                return Conflict(stored.Id);
            }

            if (flags.ResetSyncs)
            {
                await HostCode.RunAsync(nameof(IDeviceEvents), () => events.SyncsResetAsync(stored, context.RequestAborted));
            }

            await registry.ChangeAsync(
                caller.UserId, stored.Id, known => known with { LastSeenAt = now, Capabilities = body.Change.CapabilitiesOf(known) }, context.RequestAborted);
            return TypedResults.Json(DeviceCreateResponse.From(stored), RomMJson.Default.DeviceCreateResponse);
        });

    private static Task<IResult> ListAsync(HttpContext context, ApiCallers callers, WatchedDeviceRepository devices) =>
        callers.HandleAsync(context, ApiAccess.ReadDevices, async caller =>
        {
            var found = await devices.ListAsync(caller.UserId, context.RequestAborted);
            return TypedResults.Json([.. found.Select(DeviceSchema.From)], RomMJson.Deep.DeviceSchemaArray);
        });

    /// <summary>The ids of the caller's devices that are online, in the order of the list.</summary>
    private static Task<IResult> OnlineAsync(HttpContext context, ApiCallers callers, WatchedDeviceRepository devices, IOptions<DeviceAuthorizationOptions> options, TimeProvider clock) =>
        callers.HandleAsync(context, ApiAccess.ReadDevices, async caller =>
        {
            var own = await devices.ListAsync(caller.UserId, context.RequestAborted);
            var earliest = clock.Now() - options.Value.OnlineAfterCall;
            var online = context.RequestServices.GetService<IDevicePresence>() is { } presence
                ? await HostCode.RunAsync(nameof(IDevicePresence), () => presence.FindOnlineAsync(own, context.RequestAborted))
                : [.. own.Where(device => device.LastSeenAt > earliest).Select(device => device.Id)];
            return TypedResults.Json([.. own.Select(device => device.Id).Where(online.Contains)], RomMJson.Default.StringArray);
        });

    private static Task<IResult> GetAsync(string id, HttpContext context, ApiCallers callers, WatchedDeviceRepository devices) =>
        callers.HandleAsync(context, ApiAccess.ReadDevices, async caller =>
            await devices.FindAsync(caller.UserId, id, context.RequestAborted) is { } device ? Found(device) : NotFound());

    private static Task<IResult> PutAsync(string id, HttpContext context, ApiCallers callers, DeviceBodies bodies, DeviceRegistry registry) =>
        ChangeAsync(id, context, callers, bodies, registry, (DeviceChange change, Device stored, out string? problem) => change.Replace(stored, out problem));

    private static Task<IResult> PatchAsync(string id, HttpContext context, ApiCallers callers, DeviceBodies bodies, DeviceRegistry registry) =>
        ChangeAsync(id, context, callers, bodies, registry, (DeviceChange change, Device stored, out string? problem) => change.Merge(stored, out problem));

    private static Task<IResult> ChangeAsync(
        string id, HttpContext context, ApiCallers callers, DeviceBodies bodies, DeviceRegistry registry, Change apply) =>
        callers.HandleAsync(context, ApiAccess.WriteDevices, bodies.ReadAsync, async (caller, body) =>
        {
            string? problem = null;
            var (device, isConflict) = await registry.ChangeAsync(
                caller.UserId, id, stored => apply(body.Change, stored, out problem) ?? stored, context.RequestAborted);
            return (problem, isConflict, device) switch
            {
                ({ } tooLarge, _, _) => Problems.Unprocessable(tooLarge),
                (_, true, _) => Conflict(id),
                (_, _, { } changed) => Found(changed),
                _ => NotFound(),
            };
        });

    /// <summary>Removes the device and its tokens at once.</summary>
    private static Task<IResult> DeleteAsync(string id, HttpContext context, ApiCallers callers, DeviceRegistry registry) =>
        callers.HandleAsync(context, ApiAccess.WriteDevices, async caller =>
            await registry.RemoveAsync(caller.UserId, id, context.RequestAborted) ? TypedResults.NoContent() : NotFound());

    private static JsonHttpResult<DeviceSchema> Found(Device device) => TypedResults.Json(DeviceSchema.From(device), RomMJson.Deep.DeviceSchema);

    // RomM's text contains the id. Ours does not repeat an id that is not the caller's.
    private static IResult NotFound() => Problems.Detail(StatusCodes.Status404NotFound, "Device not found");

    private static JsonHttpResult<RomMConflict> Conflict(string deviceId) => TypedResults.Json(
        new RomMConflict(new RomMExistingDevice("device_exists", "A device with this fingerprint already exists", deviceId)),
        RomMJson.Default.RomMConflict,
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

using System.Text.Json;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.RomM;

/// <summary>A parsed request about a device.</summary>
/// <param name="Change">The changes that it makes.</param>
internal sealed record DeviceBody(JsonElement Json, DeviceChange Change);

/// <summary>Reads requests about devices.</summary>
internal sealed class DeviceBodies(IOptions<DeviceAuthorizationOptions> options)
{
    private readonly SecretKeys _keys = SecretKeys.Default.With(options.Value.SecretKeys);

    public async Task<Parsed<DeviceBody>> ReadAsync(HttpRequest request)
    {
        // The settings of a device alone may take 16 KiB.
        if (!(await JsonBody.ReadAsync(request, RomMJson.Deep.JsonDocument, 2 * SecretDocument.MaxBytes)).TryGet(out var json, out var refusal))
        {
            return Parsed.Refuse<DeviceBody>(refusal);
        }

        request.HttpContext.Response.RegisterForDispose(json);
        try
        {
            return DeviceChange.TryRead(json.RootElement, _keys, out var change, out var problem)
                ? new DeviceBody(json.RootElement, change)
                : JsonBody.Refuse<DeviceBody>(problem);
        }
        catch (InvalidOperationException) // half a surrogate pair in \u escapes
        {
            return JsonBody.Refuse<DeviceBody>(JsonBody.WrongShape);
        }
    }
}

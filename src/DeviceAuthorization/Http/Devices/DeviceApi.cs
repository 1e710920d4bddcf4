using System.Text.Json;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Flow;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Devices;

/// <summary>What the endpoints of devices and tokens need.</summary>
internal sealed class DeviceApi(
    ApiCallers callers,
    IDeviceRepository repository,
    DeviceRegistry registry,
    IPairingPolicy policy,
    IDeviceEvents events,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    private readonly DeviceAuthorizationOptions _options = options.Value;

    public IDeviceRepository Repository => repository;

    public DeviceRegistry Registry => registry;

    public IPairingPolicy Policy => policy;

    public IDeviceEvents Events => events;

    public DeviceAuthorizationOptions Options => _options;

    public TimeProvider Clock => clock;

    public Task<Parsed<ApiCaller>> ReadAsync(HttpContext context) => callers.AuthenticateAsync(context, _options.ManagementScopes.ReadDevices);

    public Task<Parsed<ApiCaller>> WriteAsync(HttpContext context) => callers.AuthenticateAsync(context, _options.ManagementScopes.WriteDevices);

    public Task<Parsed<ApiCaller>> ReadTokensAsync(HttpContext context) => callers.AuthenticateAsync(context, _options.ManagementScopes.ReadTokens);

    public Task<Parsed<ApiCaller>> WriteTokensAsync(HttpContext context) => callers.AuthenticateAsync(context, _options.ManagementScopes.WriteTokens);

    /// <summary>The body, once as it is and once as what it says about a device. Settings alone may have 16 KiB.</summary>
    public async Task<Parsed<DeviceBody>> ReadBodyAsync(HttpContext context)
    {
        if (!(await JsonDialect.ReadAsync(context.Request, DeepJson.Default.JsonDocument, 2 * SecretDocument.MaxBytes)).TryGet(out var json, out var unread))
        {
            return Parsed.Refuse<DeviceBody>(unread);
        }

        context.Response.RegisterForDispose(json);
        try
        {
            return DeviceChange.TryRead(json.RootElement, SecretKeys.Default.With(_options.SecretKeys), out var change, out var problem)
                ? new DeviceBody(json.RootElement, change)
                : JsonDialect.Refuse<DeviceBody>(problem);
        }
        catch (InvalidOperationException) // half a surrogate pair in \u escapes
        {
            return JsonDialect.Refuse<DeviceBody>("The body is not JSON of the expected shape.");
        }
    }
}

/// <summary>A request about a device, as read.</summary>
internal sealed record DeviceBody(JsonElement Json, DeviceChange Change);

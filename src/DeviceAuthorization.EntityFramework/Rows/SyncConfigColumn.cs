using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// A device's settings in their column: JSON, or encrypted after a mark with which no JSON object starts. The options decide what is written, and
/// the mark shows what was. Rows from before and after a change of the option are therefore read side by side.
/// </summary>
internal sealed class SyncConfigColumn(
    IOptions<DeviceAuthorizationOptions> flow, IOptions<EntityFrameworkStoreOptions> stores, IDataProtectionProvider? protection = null)
{
    private const string Mark = "dp1:";
    private const string Purpose = "DeviceAuthorization.SyncConfig.v1";

    private readonly SecretKeys _keys = SecretKeys.Default.With(flow.Value.SecretKeys);

    /// <summary>
    /// Whether the next process can read what this process encrypts. If nobody configures a place, ASP.NET keeps its keys where a container loses
    /// them. A host that registers another kind of provider is responsible for its keys.
    /// </summary>
    public static bool OutlivesProcess(IServiceProvider services) => services.GetService<IDataProtectionProvider>() is { } provider
        && (provider.GetType().Assembly != typeof(KeyManagementOptions).Assembly || services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository is not null);

    public string? Write(string deviceId, SecretDocument? config) => config?.Reveal() switch
    {
        { } json when stores.Value.EncryptSyncConfig => Mark + Protector(deviceId).Protect(json),
        var json => json,
    };

    /// <summary>Decodes the settings only when someone reads them. If a key is lost, the device and its owner's other devices must still be listed.</summary>
    public SecretDocument? Read(string deviceId, string? stored) => stored is null ? null : SecretDocument.Deferred(() => ReadNow(deviceId, stored));

    private SecretDocument ReadNow(string deviceId, string stored)
    {
        var json = stored.StartsWith(Mark, StringComparison.Ordinal) ? Decrypt(deviceId, stored[Mark.Length..]) : stored;
        return SecretDocument.TryParse(json, _keys, out var document, out var problem)
            ? document
            : throw new InvalidOperationException($"The sync_config of device {deviceId} in the database is damaged: {problem}");
    }

    private string Decrypt(string deviceId, string text)
    {
        try
        {
            return Protector(deviceId).Unprotect(text);
        }
        catch (CryptographicException exception)
        {
            throw new InvalidOperationException(
                $"The sync_config of device {deviceId} cannot be decrypted. Its key is missing from the Data Protection key ring, the application name differs, "
                + "or the value was changed. Restore the keys, or set the column SyncConfig of that row to NULL to give up the settings.",
                exception);
        }
    }

    /// <summary>One protector for each device, so that a value copied into another row is useless there.</summary>
    private IDataProtector Protector(string deviceId) => protection?.CreateProtector(Purpose, deviceId)
        ?? throw new InvalidOperationException($"The sync_config of device {deviceId} is encrypted, but the host has no Data Protection: call AddDataProtection().");
}

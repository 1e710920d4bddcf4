using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.EntityFramework;

/// <summary>
/// What a device's settings look like in their column: JSON, or encrypted behind a mark that no JSON object begins with. Which of the two is
/// written, the options say; which was written, the mark: so rows from before and after a change of mind are read side by side.
/// </summary>
internal sealed class SyncConfigColumn(
    IOptions<DeviceAuthorizationOptions> flow, IOptions<EntityFrameworkStoreOptions> stores, IDataProtectionProvider? protection = null)
{
    private const string Mark = "dp1:";
    private const string Purpose = "DeviceAuthorization.SyncConfig.v1";

    private readonly SecretKeys _keys = SecretKeys.Default.With(flow.Value.SecretKeys);

    /// <summary>
    /// Whether values that this process encrypts can be read by the next. ASP.NET's own keys, where nobody says where to keep them, go where
    /// a container loses them; whoever brings a provider of another kind has seen to it.
    /// </summary>
    public static bool OutlivesProcess(IServiceProvider services) => services.GetService<IDataProtectionProvider>() is { } provider
        && (provider.GetType().Assembly != typeof(KeyManagementOptions).Assembly || services.GetRequiredService<IOptions<KeyManagementOptions>>().Value.XmlRepository is not null);

    public string? Write(string deviceId, SecretDocument? config) => config?.Reveal() switch
    {
        { } json when stores.Value.EncryptSyncConfig => Mark + Protector(deviceId).Protect(json),
        var json => json,
    };

    /// <summary>Decodes the settings only when somebody asks for them: settings whose key is lost must hide neither their device nor its owner's others.</summary>
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
                $"The sync_config of device {deviceId} cannot be decrypted. Its key is missing from the Data Protection key ring, the application name is another one, "
                + "or the value is not what was written. Bring the keys back, or set the column SyncConfig of that row to NULL to give the settings up.",
                exception);
        }
    }

    /// <summary>One for each device, so that a value copied into another row is worth nothing there.</summary>
    private IDataProtector Protector(string deviceId) => protection?.CreateProtector(Purpose, deviceId)
        ?? throw new InvalidOperationException($"The sync_config of device {deviceId} is encrypted, and the host has no Data Protection: call AddDataProtection().");
}

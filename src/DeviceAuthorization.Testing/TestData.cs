using System.Security.Cryptography;
using System.Text.Json;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Records as the flow makes them, for tests of stores. Ids and hashes differ with each call, all else is the same.</summary>
public static class TestData
{
    /// <summary>A user code of the standard format.</summary>
    /// <param name="typed">The code as typed.</param>
    public static UserCode Code(string typed) =>
        UserCodeFormat.Standard.TryParse(typed, out var code) ? code : throw new ArgumentException("No user code of the standard format.", nameof(typed));

    /// <summary>When the records were made.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>What a store sees of a code or a token.</summary>
    public static string NewHash() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>A pending pairing of the client "tv", started at <see cref="Start"/>, with every member a device can fill filled.</summary>
    public static Pairing NewPairing() => new()
    {
        Id = Guid.NewGuid(),
        DeviceCodeHash = NewHash(),
        UserCodeHash = NewHash(),
        ClientId = "tv",
        RequiresClientId = true,
        RequestedScopes = ["read", "write"],
        Device = new ReportedDevice { Name = "Living room – テレビ", Platform = "tvOS", ClientVersion = "1.2.3", Identifier = "tv-1", Address = "2001:db8::1" },
        CanShowNumber = true,
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromMinutes(10),
        Pacing = Pacing.Start(TimeSpan.FromSeconds(5), Start),
    };

    /// <summary>What an approver granted for ninety days; its device is not registered yet.</summary>
    public static PairingGrant NewGrant() => new()
    {
        Scopes = ["read"],
        DeviceName = "Telly",
        TokenExpiresAt = Start + TimeSpan.FromDays(90),
        TokenSalt = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
    };

    /// <summary>A device of the client "tv-app", registered at <see cref="Start"/>, with every member filled that a pairing fills.</summary>
    /// <param name="user">Its owner.</param>
    /// <param name="identifier">Its <see cref="Device.ClientDeviceIdentifier"/>.</param>
    /// <param name="fingerprint">Its <see cref="Device.Fingerprint"/>.</param>
    public static Device NewDevice(string user = "alice", string? identifier = "tv-1", string? fingerprint = null) => new()
    {
        Id = Guid.NewGuid().ToString(),
        UserId = user,
        Name = "TV",
        Platform = "tvOS",
        Client = "tv-app",
        ClientVersion = "1.0",
        ClientDeviceIdentifier = identifier,
        Fingerprint = fingerprint,
        LastSeenAt = Start,
        CreatedAt = Start,
        UpdatedAt = Start,
    };

    /// <summary>A token of a pairing, for a device and its owner, issued to the client "tv".</summary>
    /// <param name="device">The device.</param>
    public static IssuedToken NewToken(Device device) => new()
    {
        Id = Guid.NewGuid(),
        PairingId = Guid.NewGuid(),
        ClientId = "tv",
        Hash = NewHash(),
        DeviceId = device.Id,
        UserId = device.UserId,
        Name = "TV",
        Scopes = ["read", "write"],
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromDays(90),
    };

    /// <summary>A token that its user made by hand: of no device, and of no pairing.</summary>
    /// <param name="user">Whose it is.</param>
    public static IssuedToken NewUnboundToken(string user = "alice") => new()
    {
        Id = Guid.NewGuid(),
        UserId = user,
        Hash = NewHash(),
        Name = "Script",
        Scopes = ["read"],
        CreatedAt = Start,
    };

    /// <summary>Adds a device or finds it, for a user who may have any number.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="device">The device as it is to be added.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public static async ValueTask<Device> AddOrFindAsync(this IDeviceRepository repository, Device device, CancellationToken cancellationToken) =>
        (await repository.AddOrFindAsync(device, int.MaxValue, cancellationToken))!;

    /// <summary>Revokes a token, as its owner does; whether this call did it.</summary>
    /// <param name="repository">Where it is.</param>
    /// <param name="userId">Its owner.</param>
    /// <param name="tokenId">The token.</param>
    /// <param name="now">When it is revoked.</param>
    public static async Task<bool> RevokeAsync(this IDeviceRepository repository, string userId, Guid tokenId, DateTimeOffset now)
    {
        var tokens = await repository.ListTokensAsync(userId, default);
        return tokens.FirstOrDefault(token => token.Id == tokenId) is { } token && await repository.TryReplaceTokenAsync(token with { RevokedAt = now }, default);
    }

    /// <summary>Compares what two records hold, lists by their elements; record equality compares lists by reference.</summary>
    /// <param name="expected">What it should be.</param>
    /// <param name="actual">What it is.</param>
    public static void AssertSame<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));
}

using System.Security.Cryptography;
using System.Text.Json;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Testing;

/// <summary>Records as the flow makes them, for tests of stores. Only ids and hashes differ between calls.</summary>
public static class TestData
{
    /// <summary>A user code of the standard format.</summary>
    /// <param name="typed">The code as typed.</param>
    public static UserCode Code(string typed) =>
        UserCodeFormat.Standard.TryParse(typed, out var code) ? code : throw new ArgumentException("No user code of the standard format.", nameof(typed));

    /// <summary>When the records were made.</summary>
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    /// <summary>The form in which a store sees a code or a token.</summary>
    public static string NewHash() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    /// <summary>A pending pairing of the client "tv", started at <see cref="Start"/>. Every member that a device can fill is filled.</summary>
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
        TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
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

    /// <summary>A device of the client "tv-app", registered at <see cref="Start"/>. Every member that a pairing fills is filled.</summary>
    /// <param name="user">Its owner.</param>
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
    public static AccessToken NewToken(Device device) => new()
    {
        Id = Guid.NewGuid(),
        PairingId = Guid.NewGuid(),
        ClientId = "tv",
        StartedFrom = "2001:db8::1",
        AccountStamp = "mXv0Rl7bSgZpQ1T5uYkWcA",
        Hash = NewHash(),
        DeviceId = device.Id,
        UserId = device.UserId,
        Name = "TV",
        Scopes = ["read", "write"],
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromDays(90),
    };

    /// <summary>A token that its user made by hand, without device and pairing.</summary>
    public static AccessToken NewUnboundToken(string user = "alice") => new()
    {
        Id = Guid.NewGuid(),
        UserId = user,
        Hash = NewHash(),
        Name = "Script",
        Scopes = ["read"],
        CreatedAt = Start,
    };

    /// <summary>Adds or finds a device, for a user without a limit.</summary>
    public static async ValueTask<Device> AddOrFindAsync(this IDeviceRepository repository, Device device, CancellationToken cancellationToken) =>
        (await repository.AddOrFindAsync(device, int.MaxValue, cancellationToken))!;

    /// <summary>Revokes a token, as its owner does. Returns whether this call did it.</summary>
    public static async Task<bool> RevokeAsync(this IDeviceRepository repository, string userId, Guid tokenId, DateTimeOffset now)
    {
        var tokens = await repository.ListTokensAsync(userId, default);
        return tokens.FirstOrDefault(token => token.Id == tokenId) is { } token && await repository.TryReplaceTokenAsync(token with { RevokedAt = now }, default);
    }

    /// <summary>Compares the content of two records, with lists by their elements: record equality compares lists by reference.</summary>
    public static void AssertSame<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));
}

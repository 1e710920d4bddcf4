using System.Security.Cryptography;
using System.Text.Json;

namespace DeviceAuthorization.Tests;

/// <summary>Values of the flow, made with the public API only: the store kit is to move to a package of its own.</summary>
internal static class TestData
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

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
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromMinutes(10),
        Pacing = Pacing.Start(TimeSpan.FromSeconds(5), Start),
    };

    public static PairingGrant NewGrant() => new()
    {
        Scopes = ["read"],
        DeviceName = "Telly",
        TokenExpiresAt = Start + TimeSpan.FromDays(90),
        TokenSalt = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
    };

    /// <summary>A device of the client "tv-app", registered at <see cref="Start"/>, with every member filled that a pairing fills.</summary>
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

    public static IssuedToken NewToken(Device device) => new()
    {
        Id = Guid.NewGuid(),
        PairingId = Guid.NewGuid(),
        Hash = NewHash(),
        DeviceId = device.Id,
        UserId = device.UserId,
        Name = "TV",
        Scopes = ["read", "write"],
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromDays(90),
    };

    /// <summary>A token that its user made by hand: of no device, and of no pairing.</summary>
    public static IssuedToken NewUnboundToken(string user = "alice") => new()
    {
        Id = Guid.NewGuid(),
        UserId = user,
        Hash = NewHash(),
        Name = "Script",
        Scopes = ["read"],
        CreatedAt = Start,
    };

    /// <summary>Revokes a token, as its owner does; whether this call did it.</summary>
    public static async Task<bool> RevokeAsync(this IDeviceRepository repository, string userId, Guid tokenId, DateTimeOffset now)
    {
        var tokens = await repository.ListTokensAsync(userId, default);
        return tokens.FirstOrDefault(token => token.Id == tokenId) is { } token && await repository.TryReplaceTokenAsync(token with { RevokedAt = now }, default);
    }

    /// <summary>Compares what two records hold, lists by their elements; record equality compares lists by reference.</summary>
    public static void AssertSame<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));
}

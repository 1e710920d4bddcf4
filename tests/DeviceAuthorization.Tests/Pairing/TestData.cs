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

    public static DeviceRegistration NewRegistration(string user = "alice", string? identifier = "tv-1", string? name = null, string reportedName = "TV") => new()
    {
        Id = Guid.NewGuid().ToString(),
        UserId = user,
        Client = "tv-app",
        Reported = new ReportedDevice { Name = reportedName, Identifier = identifier, Platform = "tvOS", ClientVersion = "1.0" },
        Name = name,
        Now = Start,
    };

    public static IssuedToken NewToken(Device device) => new()
    {
        Id = Guid.NewGuid(),
        PairingId = Guid.NewGuid(),
        Hash = NewHash(),
        DeviceId = device.Id,
        UserId = device.UserId,
        Scopes = ["read", "write"],
        CreatedAt = Start,
        ExpiresAt = Start + TimeSpan.FromDays(90),
    };

    /// <summary>Compares what two records hold, lists by their elements; record equality compares lists by reference.</summary>
    public static void AssertSame<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected), JsonSerializer.Serialize(actual));
}

using System.Security.Cryptography;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Records as the flow makes them.</summary>
internal static class Records
{
    public static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static readonly PairingGrant Grant = new() { Scopes = ["library.read"], DeviceName = "TV", TokenSalt = "8XkY0Gx6CwsXyGJ1nRz3dJt3vB5k1xT4wV9yq2mZ7fA" };

    public static string NewHash() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));

    public static Pairing NewPairing() => new()
    {
        Id = Guid.NewGuid(),
        DeviceCodeHash = NewHash(),
        UserCodeHash = NewHash(),
        ClientId = "tv",
        RequiresClientId = true,
        RequestedScopes = ["library.read"],
        Device = new ReportedDevice { Name = "TV" },
        CreatedAt = Start,
        ExpiresAt = Start.AddMinutes(10),
        Pacing = Pacing.Start(TimeSpan.FromSeconds(5), Start),
    };
}

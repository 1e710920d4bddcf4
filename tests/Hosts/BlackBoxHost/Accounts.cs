using System.Collections.Concurrent;
using System.Security.Claims;
using DeviceAuthorization;

namespace BlackBoxHost;

/// <summary>alice, an administrator, bob and carol, with the password demo.</summary>
internal sealed class Accounts : IPairingPolicy
{
    public static readonly string[] Scopes = ["me.read", "me.write", "platforms.read", "devices.read", "devices.write"];

    private static readonly string[] Names = ["alice", "bob", "carol"];

    private readonly ConcurrentDictionary<string, bool> _locked = new(StringComparer.Ordinal);

    public static ClaimsPrincipal? SignIn(string? username, string? password) => password == "demo" && Names.Contains(username, StringComparer.Ordinal)
        ? new(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, username!),
                new(ClaimTypes.Name, username!),
                new(ClaimTypes.Role, username == "alice" ? "admin" : "user"),
                .. Scopes.Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
            ],
            "password"))
        : null;

    /// <param name="number">1 for alice, 2 for bob, 3 for carol.</param>
    /// <param name="enabled">Whether the account may be used.</param>
    public void SetEnabled(int number, bool enabled) => _locked[Names[number - 1]] = !enabled;

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Names.Contains(userId, StringComparer.Ordinal) && !_locked.GetValueOrDefault(userId));
}

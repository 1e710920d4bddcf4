using System.Security.Claims;
using DeviceAuthorization;

namespace PairingHost;

/// <summary>A user of this sample.</summary>
internal sealed record Account(string Id, string Username, string Role)
{
    /// <summary>An administrator can lock an account and unlock it.</summary>
    public bool IsEnabled { get; set; } = true;

    /// <summary>Only administrators may change firmware. All users may do everything else.</summary>
    public bool May(string scope) => Role == "admin" || scope != "firmware.write";
}

/// <summary>
/// The users, in place of your user database: alice, an administrator, and bob. It is also the library's <see cref="IPairingPolicy"/>. The library asks it
/// at each approval, when a device gets its token, and at each call of a device.
/// </summary>
internal sealed class Accounts : IPairingPolicy
{
    /// <summary>RomM's scopes. The pages show the words.</summary>
    public static readonly Dictionary<string, string> Scopes = new(StringComparer.Ordinal)
    {
        ["me.read"] = "See your profile",
        ["me.write"] = "Change your profile and tokens",
        ["roms.read"] = "See your games",
        ["roms.write"] = "Change your games",
        ["roms.user.read"] = "See your play times and notes",
        ["roms.user.write"] = "Record your play times and notes",
        ["platforms.read"] = "See your platforms",
        ["platforms.write"] = "Change your platforms",
        ["assets.read"] = "See your saves and screenshots",
        ["assets.write"] = "Change your saves and screenshots",
        ["devices.read"] = "See your devices",
        ["devices.write"] = "Change your devices",
        ["firmware.read"] = "See firmware",
        ["firmware.write"] = "Change firmware",
        ["collections.read"] = "See your collections",
        ["collections.write"] = "Change your collections",
        ["playlists.read"] = "See your playlists",
        ["playlists.write"] = "Change your playlists",
    };

    private readonly Account[] _all = [new("1", "alice", "admin"), new("2", "bob", "user")];

    public Account? Find(string id) => _all.FirstOrDefault(account => account.Id == id);

    /// <summary>Checks a name and a password.</summary>
    public Account? SignIn(string? username, string? password) =>
        password == "demo" ? _all.FirstOrDefault(account => account.Username == username && account.IsEnabled) : null;

    /// <summary>A signed-in person. The claims include scopes, as those of a device do: endpoints ask both for the same scope.</summary>
    public static ClaimsPrincipal Principal(Account account, string authenticationType) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, account.Id),
            new(ClaimTypes.Name, account.Username),
            new(ClaimTypes.Role, account.Role),
            .. Scopes.Keys.Where(account.May).Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
        ],
        authenticationType));

    /// <summary>While an account is locked, its owner approves nothing, and its devices get no token and no answer.</summary>
    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(Find(userId) is { IsEnabled: true });

    /// <summary>A device never has more rights than its owner.</summary>
    public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(scopes.Where(scope => Find(userId) is { } account && account.May(scope)));
}

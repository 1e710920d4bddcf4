using System.Collections.Concurrent;
using System.Security.Claims;
using DeviceAuthorization;

namespace PairingHost;

/// <summary>A user of this demonstration.</summary>
internal sealed record Account(string Id, string Username, string Role);

/// <summary>Three users with a known password, and what each may do: only alice, an administrator, can change firmware and lock others out.</summary>
internal sealed class Accounts : IPairingPolicy
{
    /// <summary>RomM's vocabulary, in words for people.</summary>
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

    private static readonly Account[] All = [new("1", "alice", "admin"), new("2", "bob", "user"), new("3", "carol", "user")];

    private readonly ConcurrentDictionary<string, bool> _locked = new(StringComparer.Ordinal);

    public static Account? Find(string userId) => All.FirstOrDefault(account => account.Id == userId);

    /// <summary>Checks a name and a password.</summary>
    public static Account? SignIn(string? username, string? password) =>
        password == "demo" ? All.FirstOrDefault(account => account.Username == username) : null;

    /// <summary>The person, with the scopes of the account: so the API asks people and devices the same question.</summary>
    public static ClaimsPrincipal Principal(Account account, string authenticationType) => new(new ClaimsIdentity(
        [
            new(ClaimTypes.NameIdentifier, account.Id),
            new(ClaimTypes.Name, account.Username),
            new(ClaimTypes.Role, account.Role),
            .. Scopes.Keys.Where(scope => Has(account.Id, scope)).Select(scope => new Claim(DeviceTokenDefaults.ScopeClaim, scope)),
        ],
        authenticationType));

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Find(userId) is not null && !_locked.ContainsKey(userId));

    /// <summary>Lets somebody in, or locks them out: no approval, no token and no call of their devices counts from then on.</summary>
    public void SetEnabled(string userId, bool enabled)
    {
        if (enabled)
        {
            _locked.TryRemove(userId, out _);
        }
        else
        {
            _locked[userId] = true;
        }
    }

    public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(scopes.Where(scope => Has(userId, scope)));

    private static bool Has(string userId, string scope) => userId == "1" || scope != "firmware.write";
}

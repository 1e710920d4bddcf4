using System.Globalization;
using System.Security.Claims;
using DeviceAuthorization;
using static PairingHost.Answers;

namespace PairingHost;

/// <summary>A game. One without files cannot be installed.</summary>
internal sealed record Rom(int Id, string Platform, int[] FileIds);

/// <summary>The part of RomM's API that its clients call before and after they pair.</summary>
internal static class GameLibrary
{
    public static readonly Rom[] Roms = [new(7, "gb", [71, 72]), new(8, "gb", []), new(9, "browser", [91])];

    /// <summary>Platforms whose games no device can install.</summary>
    public static readonly string[] NotInstallable = ["browser"];

    public static void MapGameLibrary(this WebApplication app)
    {
        // Clients look here for what the server can do: from 5 they pair, from 5.4 they also fetch what their owner wants installed.
        app.MapGet("/api/heartbeat", () => Json(new
        {
            SYSTEM = new { VERSION = "5.4.0", SHOW_SETUP_WIZARD = false },
            DEVICE_INSTALL = new { ENABLED = true, EXCLUDED_PLATFORM_SLUGS = NotInstallable },
        }));

        app.MapGet("/api/users/me", (ClaimsPrincipal user, HttpContext context, Accounts accounts) =>
        {
            var account = accounts.Find(user.Id())!;
            return Json(new
            {
                id = int.Parse(account.Id, CultureInfo.InvariantCulture),
                username = account.Username,
                enabled = account.IsEnabled,
                role = account.Role,
                oauth_scopes = user.FindAll(DeviceTokenDefaults.ScopeClaim).Select(claim => claim.Value),
                current_device_id = context.GetPairedDevice()?.Id, // null for people and scripts
            });
        }).RequireScope("me.read", SignIn.AnyScheme);

        app.MapGet("/api/platforms", () => Json(new object[]
        {
            new { id = 1, slug = "gb", name = "Game Boy", rom_count = Roms.Count(rom => rom.Platform == "gb") },
            new { id = 2, slug = "browser", name = "Browser", rom_count = Roms.Count(rom => rom.Platform == "browser") },
        })).RequireScope("platforms.read", SignIn.AnyScheme);
    }
}

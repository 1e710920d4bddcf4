using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>Settings are bound from configuration and checked when the host starts.</summary>
public sealed class OptionsTests
{
    [Theory]
    [InlineData("PublicOrigin", "http://tv.example.com", "PublicOrigin is 'http://tv.example.com/'; it must be https://host[:port] without path, query and fragment")]
    [InlineData("PublicOrigin", "https://tv.example.com/app", "it must be https://host[:port] without path")]
    [InlineData("PublicOrigin", "https://tv.example.com?x", "it must be https://host[:port] without path")]
    [InlineData("PublicOrigin", "https://tv.example.com#x", "it must be https://host[:port] without path")]
    [InlineData("PublicOrigin", "https://user@tv.example.com", "it must be https://host[:port] without path")]
    [InlineData("PublicOrigin", "tv.example.com", "PublicOrigin is 'tv.example.com'; it must be https://host[:port]")]
    [InlineData("PublicOrigin", "ftp://tv.example.com", "it must be https://host[:port]")]
    [InlineData("PathBase", "app", "PathBase is 'app'; it must be a plain path such as /app.")]
    [InlineData("PathBase", "/app/", "PathBase is '/app/'; it must be a plain path such as /app.")]
    [InlineData("PathBase", "/", "it must be a plain path")]
    [InlineData("PathBase", "//evil.example", "it must be a plain path")]
    [InlineData("PathBase", "/app/../other", "it must be a plain path")]
    [InlineData("PathBase", "/app?x", "it must be a plain path")]
    [InlineData("PagePath", "pair", "PagePath is 'pair'; it must be a plain path such as /pair/device.")]
    [InlineData("PagePath", "/", "PagePath is '/'; it must be a plain path such as /pair/device.")]
    [InlineData("PagePath", "//evil.example", "PagePath is '//evil.example'; it must be a plain path such as /pair/device.")]
    [InlineData("PagePath", "/pair/", "it must be a plain path")]
    [InlineData("PagePath", "/{pair}", "it must be a plain path")]
    [InlineData("PagePath", "/pair?x", "it must be a plain path")]
    [InlineData("PagePath", "/pair/devices/token", "PagePath is '/pair/devices/token' and DevicesPagePath '/pair/devices'; each page needs addresses of its own.")]
    [InlineData("DevicesPagePath", "devices", "DevicesPagePath is 'devices'; it must be a plain path such as /pair/devices.")]
    [InlineData("DevicesPagePath", "/pair/devices/", "it must be a plain path")]
    [InlineData("DevicesPagePath", "/Pair/Device", "PagePath is '/pair/device' and DevicesPagePath '/Pair/Device'; each page needs addresses of its own.")]
    [InlineData("DevicesPagePath", "/pair/device/review", "each page needs addresses of its own.")]
    [InlineData("Page:AccentColor", "blue", "Page.AccentColor is 'blue'; it must be #rrggbb.")]
    [InlineData("Page:AccentColor", "#0b57dg", "Page.AccentColor is '#0b57dg'; it must be #rrggbb.")]
    [InlineData("Page:AccentColor", "#0b57d0}", "it must be #rrggbb.")]
    [InlineData("Page:LogoPath", "https://cdn.example.com/logo.svg", "Page.LogoPath is 'https://cdn.example.com/logo.svg'; it must be a path on this host, such as /logo.svg.")]
    [InlineData("Page:LogoPath", "//evil.example/logo.svg", "it must be a path on this host")]
    [InlineData("UserCode:Alphabet", "abcdefghijk", "UserCode.Alphabet may hold only the letters A to Z and the digits 0 to 9.")]
    [InlineData("UserCode:Alphabet", "ABCDEFGHJKMNPQRSTUVWXYZA", "UserCode.Alphabet repeats a symbol.")]
    [InlineData("UserCode:Alphabet", "0OABCDEFGHJKMNPQRSTUVWXYZ", "UserCode.Alphabet holds both 0 and O: take one out.")]
    [InlineData("UserCode:Alphabet", "1ABCDEFGHIJKMNPQRSTUVWXYZ", "UserCode.Alphabet holds 1 beside I or L: take one out.")]
    [InlineData("UserCode:Length", "5", "UserCode.Length is 5; it must be from 6 to 16.")]
    [InlineData("UserCode:Length", "17", "UserCode.Length is 17; it must be from 6 to 16.")]
    [InlineData("UserCode:Length", "7", "A user code of 7 out of 20 symbols has 30.3 bits; it needs 34. Make it longer")]
    [InlineData("PairingLifetime", "00:00:59", "PairingLifetime is 00:00:59; it must be whole seconds from 00:01:00 to 00:30:00.")]
    [InlineData("PairingLifetime", "00:30:01", "PairingLifetime is 00:30:01; it must be whole seconds")]
    [InlineData("PairingLifetime", "00:05:00.5", "it must be whole seconds")]
    [InlineData("PollingInterval", "00:00:00", "PollingInterval is 00:00:00; it must be whole seconds from 00:00:01 to 00:01:00.")]
    [InlineData("StoreTimeout", "00:00:00", "StoreTimeout is 00:00:00; it must be whole seconds from 00:00:01 to 00:02:00.")]
    [InlineData("PollingInterval", "00:01:01", "PollingInterval is 00:01:01; it must be whole seconds")]
    [InlineData("MaxPollWait", "00:02:01", "MaxPollWait is 00:02:01; it must be whole seconds from 00:00:00 to 00:02:00.")]
    [InlineData("OnlineAfterCall", "00:00:14", "OnlineAfterCall is 00:00:14; it must be whole seconds from 00:00:15 to 1.00:00:00.")]
    [InlineData("MaxHeldPolls", "0", "MaxHeldPolls is 0; it must be at least 1. To hold none, set MaxPollWait to zero.")]
    [InlineData("MaxLivePairings", "0", "MaxLivePairings is 0; it must be from 1 to 1,000,000.")]
    [InlineData("MaxLivePairings", "1000001", "MaxLivePairings is 1000001; it must be from 1 to 1,000,000.")]
    [InlineData("TokenPrefix", "da.", "TokenPrefix is 'da.'; it must be at most 16 letters, digits, _ and -.")]
    [InlineData("TokenPrefix", "seventeen_letters", "TokenPrefix is 'seventeen_letters'; it must be at most 16")]
    [InlineData("TokenLifetime", "00:59:59", "TokenLifetime is 00:59:59; it must be from 1 hour to 100 years, or Timeout.InfiniteTimeSpan (-00:00:00.001) for ever.")]
    [InlineData("TokenLifetime", "36501.00:00:00", "TokenLifetime is 36501.00:00:00; it must be")]
    [InlineData("TokenLifetimes:90d", "00:59:59", "TokenLifetimes:90d is 00:59:59; it must be from 1 hour to 100 years, or Timeout.InfiniteTimeSpan (-00:00:00.001) for ever.")]
    [InlineData("TokenLifetimes:ages", "36500.00:00:01", "TokenLifetimes:ages is 36500.00:00:01; it must be")]
    [InlineData("MaxTokensPerUser", "0", "MaxTokensPerUser is 0; it must be at least 1.")]
    [InlineData("MaxTokensPerUser", "-1", "MaxTokensPerUser is -1; it must be at least 1.")]
    [InlineData("MaxDevicesPerUser", "0", "MaxDevicesPerUser is 0; it must be at least 1.")]
    [InlineData("MaxDevicesPerUser", "-1", "MaxDevicesPerUser is -1; it must be at least 1.")]
    [InlineData("Security", "3", "Security is 3; it must be Relaxed, Balanced or Strict.")]
    [InlineData("Security", "Strict", "Security is Strict and no client is registered; add the clients that may pair to Clients, or choose Balanced.")]
    [InlineData("NumberMatching", "3", "NumberMatching is 3; it must be Off, WhenRisky or Always.")]
    [InlineData("ManagementScopes:ReadDevices", "read devices", "each of ManagementScopes must be a scope (RFC 6749 section 3.3).")]
    [InlineData("ManagementScopes:WriteDevices", "", "each of ManagementScopes must be a scope")]
    [InlineData("ManagementScopes:ReadTokens", "\"", "each of ManagementScopes must be a scope")]
    [InlineData("ManagementScopes:WriteTokens", "\u00e4", "each of ManagementScopes must be a scope")]
    [InlineData("SecretKeys:0", "-_", "each of SecretKeys must have a letter or a digit.")]
    [InlineData("SecretKeys:0", "\u00e4", "each of SecretKeys must have a letter or a digit.")]
    [InlineData("RateLimits:StartsPerMinute", "0", "RateLimits.StartsPerMinute is 0; it must be at least 1.")]
    [InlineData("RateLimits:PendingPerAddress", "0", "RateLimits.PendingPerAddress is 0; it must be at least 1.")]
    [InlineData("RateLimits:StartsPerClientPerMinute", "0", "RateLimits.StartsPerClientPerMinute is 0; it must be at least 1.")]
    [InlineData("RateLimits:CodesPerUser", "0", "RateLimits.CodesPerUser is 0; it must be at least 1.")]
    [InlineData("RateLimits:CodesPerUserAndDay", "-5", "RateLimits.CodesPerUserAndDay is -5; it must be at least 1.")]
    [InlineData("RateLimits:CodesPerAddress", "0", "RateLimits.CodesPerAddress is 0; it must be at least 1.")]
    [InlineData("RateLimits:CodesInAll", "0", "RateLimits.CodesInAll is 0; it must be at least 1.")]
    [InlineData("RateLimits:UnknownDeviceCodesPerMinute", "0", "RateLimits.UnknownDeviceCodesPerMinute is 0; it must be at least 1.")]
    [InlineData("RateLimits:PollsPerMinute", "0", "RateLimits.PollsPerMinute is 0; it must be at least 1. To have no limits at all, set RateLimits.Enabled to false.")]
    [InlineData("CampaignThreshold", "0", "CampaignThreshold is 0; it must be at least 1, or null to count nothing.")]
    [InlineData("UserCodeKeys:0", "not base64", "each of UserCodeKeys must be 32 to 128 random bytes in base64")]
    [InlineData("UserCodeKeys:0", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", "each of UserCodeKeys must be 32 to 128 random bytes in base64")]
    [InlineData("MaxLivePairings", "100000", "one in 2560 lifetimes of a pairing is hit; use UserCodeFormat.Large (UserCode:Length=10), or lower one of the two. Or set AllowWeakUserCodes.")]
    [InlineData("RateLimits:CodesInAll", "100000", "one in 1280 lifetimes of a pairing is hit; use UserCodeFormat.Large")]
    [InlineData("Scopes:library read", "words", "the scope 'library read' is not 1 to 128 printable ASCII characters without spaces, quotes and backslashes")]
    [InlineData("DefaultScopes:0", "library.read", "DefaultScopes names 'library.read', which is not in Scopes: add it there.")]
    public async Task A_wrong_setting_stops_the_host_with_what_to_change(string key, string value, string message)
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync([MinimalHost.Origin, (key, value)]));
        var failure = Assert.Single(exception.Failures);
        Assert.StartsWith("DeviceAuthorization: ", failure, StringComparison.Ordinal);
        Assert.Contains(message, failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interval_as_long_as_the_pairing_is_refused_with_both_values()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(
            () => MinimalHost.StartAsync(MinimalHost.Origin, ("PairingLifetime", "00:01:00"), ("PollingInterval", "00:01:00")));
        Assert.Equal("DeviceAuthorization: PollingInterval is 00:01:00 and PairingLifetime 00:01:00; a device must poll more than once.", Assert.Single(exception.Failures));
    }

    [Fact]
    public async Task More_scopes_than_a_page_can_show_are_refused()
    {
        var scopes = Enumerable.Range(0, 51).Select(i => ($"Scopes:s{i}", "words"));
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync([MinimalHost.Origin, .. scopes]));
        Assert.Equal("DeviceAuthorization: there are 51 Scopes; 50 are the most.", Assert.Single(exception.Failures));
        await using var most = await MinimalHost.StartAsync([MinimalHost.Origin, .. scopes.Take(50)]);
    }

    [Fact]
    public async Task Members_that_code_sets_to_null_are_named()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync(services => services.AddDeviceAuthorization(options =>
        {
            options.PublicOrigin = new Uri("https://tv.example.com");
            options.UserCode = null!;
            options.RateLimits = null!;
            options.ManagementScopes = null!;
            options.PagePath = null!;
            options.TokenPrefix = null!;
        })));
        Assert.Equal(5, exception.Failures.Count());
        Assert.Contains("DeviceAuthorization: UserCode is missing.", exception.Failures, StringComparer.Ordinal);
    }

    [Fact]
    public async Task Every_wrong_setting_is_named_at_once()
    {
        var exception = await Assert.ThrowsAsync<OptionsValidationException>(() => MinimalHost.StartAsync(("MaxLivePairings", "0"), ("TokenPrefix", "!")));
        Assert.Equal(3, exception.Failures.Count()); // and the origin
    }

    [Theory]
    [InlineData("Production", null, null, false)]
    [InlineData("Staging", null, null, false)]
    [InlineData("Development", null, null, true)]
    [InlineData("Development", "http://192.168.1.5:5000", null, true)]
    [InlineData("Production", "http://localhost:5000", null, true)]
    [InlineData("Production", "http://127.0.0.1:5000", null, true)]
    [InlineData("Production", "http://192.168.1.5:5000", null, false)]
    [InlineData("Production", "http://192.168.1.5:5000", "false", true)]
    [InlineData("Production", "https://tv.example.com:8443/", null, true)]
    public async Task The_origin_is_required_outside_Development_and_plain_HTTP_is_an_exception(string environment, string? origin, string? requireHttps, bool starts)
    {
        (string, string)[] settings =
        [
            .. origin is null ? [] : new[] { ("PublicOrigin", origin) },
            .. requireHttps is null ? [] : new[] { ("RequireHttps", requireHttps) },
        ];
        var exception = await Record.ExceptionAsync(async () =>
        {
            await using var app = await MinimalHost.StartAsync(services => services.AddDeviceAuthorization(), environment: environment, settings: settings);
        });
        Assert.Equal(starts, exception is null);
        if (origin is null && !starts)
        {
            Assert.Contains("PublicOrigin is missing: set it to where people reach this host", exception!.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_setting_can_come_from_configuration()
    {
        await using var app = await MinimalHost.StartAsync(
            ("Scopes:library.read", "See your library"),
            ("Scopes:library.write", "Change your library"),
            ("DefaultScopes:0", "library.read"),
            ("PublicOrigin", "https://tv.example.com"),
            ("RequireHttps", "false"),
            ("PathBase", "/app"),
            ("PagePath", "/connect"),
            ("DevicesPagePath", "/connect/devices"),
            ("ApproverScheme", "Cookies"),
            ("ApproverChallengeScheme", "oidc"),
            ("ApproverScopeClaim", "permissions"),
            ("UserCode:Alphabet", "0123456789"),
            ("UserCode:Length", "12"),
            ("PairingLifetime", "00:15:00"),
            ("PollingInterval", "00:00:07"),
            ("StoreTimeout", "00:00:20"),
            ("MaxLivePairings", "77"),
            ("MaxPollWait", "00:00:30"),
            ("MaxHeldPolls", "78"),
            ("TokenPrefix", "tv-"),
            ("TokenLifetime", "-00:00:00.001"),
            ("TokenLifetimes:1h", "01:00:00"),
            ("TokenLifetimes:30d", "31.00:00:00"),
            ("MaxTokensPerUser", "1"),
            ("MaxDevicesPerUser", "2"),
            ("OnlineAfterCall", "00:02:00"),
            ("Security", "Relaxed"),
            ("NumberMatching", "Always"),
            ("SecretKeys:0", "door_code"),
            ("ManagementScopes:ReadDevices", "dr"),
            ("ManagementScopes:WriteDevices", "dw"),
            ("ManagementScopes:ReadTokens", "tr"),
            ("ManagementScopes:WriteTokens", "tw"),
            ("ReplaceEarlierTokens", "false"),
            ("RevokeOnReplay", "false"),
            ("RevokeOnSuspectedReplay", "true"),
            ("ApproverOrigins:0", "https://app.example.com"),
            ("DeviceOrigins:0", "https://tv.example.org"),
            ("RateLimits:Enabled", "false"),
            ("RateLimits:StartsPerMinute", "3"),
            ("RateLimits:StartsPerClientPerMinute", "4"),
            ("RateLimits:PollsPerMinute", "60"),
            ("RateLimits:StopOverCodesInAll", "true"),
            ("UserCodeKeys:0", Convert.ToBase64String(new byte[32])),
            ("AllowWeakUserCodes", "true"),
            ("CampaignThreshold", "5"),
            ("VoidSuspectedPairings", "true"));
        var options = app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        Assert.Equal("See your library|Change your library", string.Join('|', options.Scopes.Values));
        Assert.Equal("library.read", Assert.Single(options.DefaultScopes!));
        Assert.Equal(new Uri("https://tv.example.com"), options.PublicOrigin);
        Assert.Equal(("/app", "/connect", "/connect/devices"), (options.PathBase, options.PagePath, options.DevicesPagePath));
        Assert.Equal(("oidc", "permissions"), (options.ApproverChallengeScheme, options.ApproverScopeClaim));
        Assert.Equal(("Cookies", "0123456789", 12), (options.ApproverScheme, options.UserCode.Alphabet, options.UserCode.Length));
        Assert.Equal((TimeSpan.FromMinutes(15), TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(20)), (options.PairingLifetime, options.PollingInterval, options.StoreTimeout));
        Assert.Equal((TimeSpan.FromSeconds(30), 78, TimeSpan.FromMinutes(2)), (options.MaxPollWait, options.MaxHeldPolls, options.OnlineAfterCall));
        Assert.Equal((77, "tv-", Timeout.InfiniteTimeSpan), (options.MaxLivePairings, options.TokenPrefix, options.TokenLifetime));
        Assert.Equal((false, false, false, true), (options.RequireHttps, options.ReplaceEarlierTokens, options.RevokeOnReplay, options.RevokeOnSuspectedReplay));
        Assert.Equal((false, 3, 4, 60), (options.RateLimits.Enabled, options.RateLimits.StartsPerMinute, options.RateLimits.StartsPerClientPerMinute, options.RateLimits.PollsPerMinute));
        Assert.Equal((true, true, true, 5), (options.RateLimits.StopOverCodesInAll, options.AllowWeakUserCodes, options.VoidSuspectedPairings, options.CampaignThreshold));
        Assert.Single(options.UserCodeKeys);
        Assert.Equal(("https://app.example.com", "https://tv.example.org"), (Assert.Single(options.ApproverOrigins), Assert.Single(options.DeviceOrigins)));
        Assert.Equal("1h 1y 30d 90d never", string.Join(' ', options.TokenLifetimes.Keys.Order(StringComparer.Ordinal))); // what is added comes beside RomM's
        Assert.Equal((TimeSpan.FromHours(1), TimeSpan.FromDays(31)), (options.TokenLifetimes["1h"], options.TokenLifetimes["30d"]));
        Assert.Equal((SecurityLevel.Relaxed, NumberMatching.Always), (options.Security, options.NumberMatching));
        Assert.Equal((1, 2, "door_code"), (options.MaxTokensPerUser, options.MaxDevicesPerUser, Assert.Single(options.SecretKeys)));
        var scopes = options.ManagementScopes;
        Assert.Equal(("dr", "dw", "tr", "tw"), (scopes.ReadDevices, scopes.WriteDevices, scopes.ReadTokens, scopes.WriteTokens));
    }

    [Fact]
    public void Without_configuration_lifetimes_scopes_and_the_limit_are_RomMs()
    {
        var options = new DeviceAuthorizationOptions();
        Assert.Equal(
            [("30d", TimeSpan.FromDays(30)), ("90d", TimeSpan.FromDays(90)), ("1y", TimeSpan.FromDays(365)), ("never", Timeout.InfiniteTimeSpan)],
            options.TokenLifetimes.Select(choice => (choice.Key, choice.Value)));
        Assert.Equal((25, 100, NumberMatching.WhenRisky), (options.MaxTokensPerUser, options.MaxDevicesPerUser, options.NumberMatching));
        Assert.Empty(options.SecretKeys);
        var scopes = options.ManagementScopes;
        Assert.Equal(("devices.read", "devices.write", "me.read", "me.write"), (scopes.ReadDevices, scopes.WriteDevices, scopes.ReadTokens, scopes.WriteTokens));
    }

    /// <summary>Those of <c>Clients</c> are in <see cref="ClientOptionsTests"/>; <c>ApproverUserId</c> is a function.</summary>
    [Fact]
    public void The_test_above_knows_every_setting() => Assert.Equal(
        [
            "AllowWeakUserCodes", "ApproverChallengeScheme", "ApproverOrigins", "ApproverScheme", "ApproverScopeClaim", "ApproverUserId", "CampaignThreshold", "Clients", "DefaultScopes", "DeviceOrigins", "DevicesPagePath", "ManagementScopes", "MaxDevicesPerUser", "MaxHeldPolls", "MaxLivePairings", "MaxPollWait", "MaxTokensPerUser", "NumberMatching", "OnlineAfterCall", "Page", "PagePath", "PairingLifetime", "PathBase", "PollingInterval",
            "PublicOrigin", "RateLimits", "ReplaceEarlierTokens", "RequireHttps", "RevokeOnReplay", "RevokeOnSuspectedReplay", "Scopes", "SecretKeys", "Security", "StoreTimeout", "TokenLifetime", "TokenLifetimes",
            "TokenPrefix", "UserCode", "UserCodeKeys", "VoidSuspectedPairings",
        ],
        typeof(DeviceAuthorizationOptions).GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal).ToArray());

    [Fact]
    public async Task The_delegate_has_the_last_word_over_configuration()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(options => options.TokenPrefix = "code_"), settings: [MinimalHost.Origin, ("TokenPrefix", "config_")]);
        Assert.Equal("code_", app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.TokenPrefix);
    }

    [Fact]
    public async Task What_is_added_by_code_and_by_configuration_is_as_the_code_says()
    {
        await using var app = await MinimalHost.StartAsync(
            services => services.AddDeviceAuthorization(options =>
            {
                options.Scopes.Add("library.read", "See your library");
                options.Scopes.Add(KeyValuePair.Create("library.write", "Change your library"));
                options.Clients.Add("tv", new DeviceClient { DisplayName = "Cartridge TV" });
                options.TokenLifetimes.Add("30d", TimeSpan.FromDays(31));
            }),
            settings:
            [
                MinimalHost.Origin,
                ("Scopes:library.read", "of configuration"),
                ("Scopes:library.write", "of configuration"),
                ("Scopes:profile", "of configuration"),
                ("Clients:tv:DisplayName", "of configuration"),
                ("Clients:radio:DisplayName", "of configuration"),
            ]);
        var options = app.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value;
        Assert.Equal(
            "library.read: See your library; library.write: Change your library; profile: of configuration",
            string.Join("; ", options.Scopes.OrderBy(scope => scope.Key, StringComparer.Ordinal).Select(scope => $"{scope.Key}: {scope.Value}")));
        Assert.Equal(("Cartridge TV", "of configuration"), (options.Clients["tv"].DisplayName, options.Clients["radio"].DisplayName));
        Assert.Equal(TimeSpan.FromDays(31), options.TokenLifetimes["30d"]);
    }

    [Theory]
    [Trait("Row", "P-56d"), Trait("Row", "P-49")]
    [InlineData("ABCDEFGHIJKLMNOPQRSTUVWXYZ0", 8, "0 and O")]
    [InlineData("ABCDEFGHIJ123456789", 9, "1 beside I or L")]
    [InlineData("AABCDEFGHJ", 12, "repeats")]
    [InlineData("abcdefghij", 12, "letters A to Z")]
    [InlineData("0123456789", 8, "34")]
    [InlineData(UserCodeFormat.Consonants, 5, "6 to 16")]
    public async Task Codes_that_are_confusing_or_easily_guessed_stop_the_host(string alphabet, int length, string problem)
    {
        var failure = await Assert.ThrowsAsync<Microsoft.Extensions.Options.OptionsValidationException>(() =>
            TestHost.StartAsync(options => options.UserCode = new UserCodeFormat { Alphabet = alphabet, Length = length }));
        Assert.Contains(problem, failure.Message, StringComparison.Ordinal);
    }
}

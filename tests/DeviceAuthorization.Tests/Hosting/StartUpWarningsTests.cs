using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>What the log says about the settings at the start, and about forwarded headers that the host does not read.</summary>
public sealed class StartUpWarningsTests
{
    [Fact]
    public async Task A_host_that_remembers_everything_and_has_a_key_says_only_where_it_keeps_what()
    {
        await using var host = await StartAsync();
        var note = Assert.Single(Own(host));
        Assert.Equal(
            (LogLevel.Information, "Pairings are kept in A store of mine, devices and tokens in HostContext (Microsoft.EntityFrameworkCore.Sqlite); limits are counted in memory. Security: Balanced. "
                + "Scopes: library.read library.write profile. Limits: StartsPerMinute 10, PendingPerAddress 50, CodesPerUser 5, CodesPerUserAndDay 30, CodesPerAddress 20, CodesInAll 100, UnknownDeviceCodesPerMinute 600."),
            (note.Level, note.Message));
    }

    [Fact]
    public async Task Without_a_key_it_says_how_user_codes_are_kept()
    {
        await using var host = await StartAsync(options => options.UserCodeKeys.Clear());
        var note = Assert.Single(Own(host), entry => entry.Id.Id != 51);
        Assert.Equal(LogLevel.Information, note.Level);
        Assert.Contains("Set DeviceAuthorization:UserCodeKeys", note.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_in_memory_needs_no_key()
    {
        await using var host = await TestHost.StartAsync(options => options.UserCodeKeys.Clear());
        Assert.DoesNotContain(Own(host), entry => entry.Id.Id == 20);
    }

    [Fact]
    public async Task A_store_in_memory_has_one_more_limit()
    {
        await using var host = await TestHost.StartAsync();
        Assert.EndsWith("Limits: MaxLivePairings 200, off.", Assert.Single(Own(host), entry => entry.Id.Id == 51).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Securty", "Strict")]
    [InlineData("UserCode:Lenght", "10")]
    [InlineData("RateLimits:CodesPerUsr", "3")]
    [InlineData("Page:Colour", "#000000")]
    [InlineData("ManagementScopes:ReadDevice", "devices")]
    [InlineData("Clients:tv:Secrt", "0123456789")]
    public async Task A_key_of_the_configuration_that_is_no_setting_is_named(string key, string value)
    {
        await using var host = await ConfiguredAsync(($"DeviceAuthorization:{key}", value));
        var note = Assert.Single(Own(host), entry => entry.Id.Id == 58);
        Assert.Equal((LogLevel.Warning, $"The configuration has DeviceAuthorization:{key}, which is no setting and has no effect. Check its spelling."), (note.Level, note.Message));
    }

    [Fact]
    public async Task A_setting_in_any_case_and_a_section_of_another_package_are_no_news()
    {
        await using var host = await ConfiguredAsync(
            ("DeviceAuthorization:security", "Relaxed"),
            ("DeviceAuthorization:Scopes:any.name", "See anything"),
            ("DeviceAuthorization:Clients:tv:DisplayName", "TV"),
            ("DeviceAuthorization:RateLimits:CodesPerUser", "3"),
            ("DeviceAuthorization:Redis:KeyPrefix", "tv:"),
            ("Elsewhere:Securty", "Strict"));
        Assert.DoesNotContain(Own(host), entry => entry.Id.Id == 58);
    }

    [Theory]
    [InlineData("Production", 2)]
    [InlineData("Staging", 2)]
    [InlineData("Development", 0)]
    public async Task What_is_kept_in_memory_is_said_and_outside_Development_what_a_restart_forgets(string environment, int warnings)
    {
        await using var host = await TestHost.StartAsync(environment: environment);
        Assert.Contains(Own(host), entry => entry.Message.StartsWith("Pairings are kept in memory, devices and tokens in memory; limits are counted in memory.", StringComparison.Ordinal));
        var forgotten = Own(host).Where(entry => entry is { Id.Id: 52 or 53, Level: LogLevel.Warning }).Select(entry => entry.Message).ToArray();
        Assert.Equal(warnings, forgotten.Length);
        if (warnings > 0)
        {
            Assert.Contains("a restart of this host forgets them, and every device must pair again", forgotten[0], StringComparison.Ordinal);
            Assert.Contains("everybody who is pairing must start again", forgotten[1], StringComparison.Ordinal);
        }
    }

    public static TheoryData<string, string, Action<IServiceCollection>, int?> Keys => new()
    {
        { "Production", "A store of mine", services => services.AddDataProtection(), 55 },
        { "Development", "A store of mine", services => services.AddDataProtection(), null },
        { "Production", "HostContext (Microsoft.EntityFrameworkCore.Sqlite)", services => services.AddDataProtection(), null }, // one machine
        { "Production", "A store of mine", services => services.AddDataProtection().PersistKeysToFileSystem(new(Path.GetTempPath())), null },
        { "Production", "A store of mine", services => services.AddSingleton<IDataProtectionProvider, Vault>(), null },
        { "Production", "HostContext (Microsoft.EntityFrameworkCore.Sqlite)", services => services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()), 54 },
    };

    [Theory, MemberData(nameof(Keys))]
    public async Task Keys_that_other_nodes_or_the_next_process_do_not_have_are_noticed(string environment, string store, Action<IServiceCollection> add, int? expected)
    {
        await using var host = await StartAsync(store: store, protect: add, environment: environment);
        var warnings = Own(host).Where(entry => entry is { Id.Id: 54 or 55, Level: LogLevel.Warning }).ToArray();
        Assert.Equal(expected is { } id ? [id] : [], warnings.Select(warning => warning.Id.Id));
        Assert.All(warnings, warning => Assert.Contains("PersistKeysTo", warning.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(200, 100, 8, 10, null)]
    [InlineData(1000, 100, 8, 10, "one in 256000 lifetimes of a pairing is hit; use UserCodeFormat.Large (UserCode:Length=10), or lower one of the two.")]
    [InlineData(1000, 100, 10, 10, null)]
    [InlineData(200, 1000, 8, 10, "one in 128000 lifetimes")]
    [InlineData(200, 100, 8, 30, "one in 426667 lifetimes")] // three times as long to guess
    [InlineData(1000, 100, 8, 1, "one in 256000 lifetimes")] // all guesses of a window may come in one minute
    [InlineData(100_000, 1000, 10, 10, "one in 102400 lifetimes of a pairing is hit; make user codes longer, or lower one of the two.")]
    public async Task It_warns_when_blind_guesses_may_hit(int live, int guesses, int length, int minutes, string? advice)
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            (options.MaxLivePairings, options.UserCode.Length, options.RateLimits) = (live, length, new() { CodesInAll = guesses });
            options.PairingLifetime = TimeSpan.FromMinutes(minutes);
        });
        var warnings = host.Logs.GetSnapshot().Where(entry => entry.Id.Id == 21).Select(entry => entry.Message).ToArray();
        Assert.Equal(advice is null ? 0 : 1, warnings.Length);
        Assert.All(warnings, warning => Assert.Contains(advice!, warning, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Weak_codes_are_the_hosts_own_decision()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            (options.UserCode.Alphabet, options.UserCode.Length, options.AllowWeakUserCodes, options.RateLimits) = ("0123456789", 6, true, new());
        });
        Assert.Equal(6, (await host.Device().StartAsync()).UserCode.Replace("-", "", StringComparison.Ordinal).Length);
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry.Id.Id == 21);
    }

    [Fact]
    public async Task It_warns_when_its_limits_are_off()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Contains(host.Logs.GetSnapshot(), entry => entry is { Id.Id: 22, Level: LogLevel.Warning });
    }

    [Theory]
    [Trait("Row", "T-15")]
    [InlineData("X-Forwarded-For", null, true)]
    [InlineData("Forwarded", null, true)]
    [InlineData("X-Forwarded-For", "X-Original-For", false)] // taken over by ASP.NET Core's middleware
    [InlineData("X-Other", null, false)]
    public async Task A_forwarded_address_that_nobody_takes_over_is_noticed_once(string header, string? second, bool noticed)
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new());
        for (var request = 0; request < 3; request++)
        {
            var device = host.Device();
            device.DefaultRequestHeaders.Add(header, "for=192.0.2.60");
            if (second is not null)
            {
                device.DefaultRequestHeaders.Add(second, "192.0.2.61");
            }

            await device.StartAsync();
        }

        Assert.Equal(noticed ? 1 : 0, host.Logs.GetSnapshot().Count(entry => entry.Id.Id == 23));
    }

    [Theory]
    [Trait("Row", "T-15")]
    [InlineData("X-Forwarded-For", "X-Forwarded-For")]
    [InlineData("X-Forwarded-Proto", "X-Forwarded-Proto")]
    [InlineData("Forwarded", "Forwarded")]
    [InlineData("X-Other", "none")] // a proxy that sends nothing
    public async Task A_proxy_that_ends_HTTPS_and_that_the_host_does_not_know_is_noticed_once_with_what_to_configure(string header, string named)
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IStartupFilter>(new Callers()));
        for (var request = 0; request < 3; request++)
        {
            await OverHttpAsync(host, System.Net.HttpStatusCode.BadRequest, (header, "https"));
        }

        var warning = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id is 81 or 23);
        Assert.Equal((81, LogLevel.Warning), (warning.Id.Id, warning.Level));
        Assert.Contains($"applied: {named}.", warning.Message, StringComparison.Ordinal);
        Assert.All(
            (string[])["XForwardedFor | XForwardedProto", "KnownProxies", "KnownIPNetworks", "UseForwardedHeaders()", "ASPNETCORE_FORWARDEDHEADERS_ENABLED=true"],
            what => Assert.Contains(what, warning.Message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_takes_the_address_over_but_not_the_scheme_is_told_which_header_it_ignores()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IStartupFilter>(
            new Callers(new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor })));
        await OverHttpAsync(host, System.Net.HttpStatusCode.BadRequest, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"));
        Assert.Contains("applied: X-Forwarded-Proto.", Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == 81).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_proxy_that_the_host_knows_is_no_news()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new(), services => services.AddSingleton<IStartupFilter>(
            new Callers(new() { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto })));
        await OverHttpAsync(host, System.Net.HttpStatusCode.OK, ("X-Forwarded-For", "203.0.113.7"), ("X-Forwarded-Proto", "https"));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Id is 81 or 23);
    }

    /// <summary>A device asks through the proxy 10.0.0.2.</summary>
    private static async Task OverHttpAsync(TestHost host, System.Net.HttpStatusCode expected, params (string Name, string Value)[] headers)
    {
        using var content = new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]);
        using var answer = await Callers.From(host.Device(), "10.0.0.2", headers).PostAsync($"http://tv.example.com{Wire.Prefix}/init", content);
        Assert.Equal(expected, answer.StatusCode);
    }

    [Fact]
    public async Task A_device_that_the_policy_does_not_let_start_hears_so_and_gets_no_code()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy, NoStrangers>());
        using var form = await host.Device().PostFormAsync("init", ("client_id", "stranger"));
        await OAuthAssert.ErrorAsync(form, 400, "unauthorized_client");
        using var json = await host.Device().PostJsonAsync(
            "init", new { client_device_identifier = "i", name = "n", client = "stranger", requested_scopes = (string[])["profile"] });
        Assert.Equal((System.Net.HttpStatusCode.Forbidden, "Forbidden"), (json.StatusCode, await json.DetailAsync()));
        await host.Device().StartAsync();
    }

    [Fact]
    public async Task A_store_that_cannot_be_created_yet_stops_no_host()
    {
        await using var host = await TestHost.StartAsync(services: services => services
            .AddTransient<IPairingStore>(_ => throw new System.Net.Sockets.SocketException())
            .AddTransient<IDeviceRepository>(_ => throw new TimeoutException("server=secret")));
        Assert.StartsWith(
            "Pairings are kept in unknown (it could not be created: SocketException), devices and tokens in unknown (it could not be created: TimeoutException);",
            Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == 51).Message,
            StringComparison.Ordinal);
        using var start = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(System.Net.HttpStatusCode.ServiceUnavailable, start.StatusCode);
        Assert.NotNull(start.Headers.RetryAfter);
    }

    private static FakeLogRecord[] Own(TestHost host) =>
        [.. host.Logs.GetSnapshot().Where(entry => entry.Category?.StartsWith("DeviceAuthorization.", StringComparison.Ordinal) == true)];

    private static Task<TestHost> ConfiguredAsync(params (string Key, string Value)[] settings) => TestHost.StartAsync(services: services => services
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))).Build()));

    /// <summary>A host that a restart takes nothing from.</summary>
    private static Task<TestHost> StartAsync(
        Action<DeviceAuthorizationOptions>? configure = null, string store = "A store of mine", Action<IServiceCollection>? protect = null, string environment = "Production") => TestHost.StartAsync(
        options =>
        {
            options.RateLimits = new();
            options.UserCodeKeys.Add(Convert.ToBase64String(new byte[32]));
            configure?.Invoke(options);
        },
        services =>
        {
            services.AddSingleton(NamedStore.Create<IPairingStore>(store));
            services.AddSingleton(NamedStore.Create<IDeviceRepository>("HostContext (Microsoft.EntityFrameworkCore.Sqlite)"));
            services.RemoveAll<IDataProtectionProvider>();
            (protect ?? (all => all.AddSingleton<IDataProtectionProvider, Vault>()))(services);
        },
        environment: environment);

    private sealed class Vault : IDataProtectionProvider
    {
        public IDataProtector CreateProtector(string purpose) => new EphemeralDataProtectionProvider().CreateProtector(purpose);
    }

    private sealed class NoStrangers : IPairingPolicy
    {
        public ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(request.ClientId != "stranger");
    }
}

using System.Net;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>The settings of devices in the database, in the clear and encrypted.</summary>
public abstract class EncryptionTests(TestDatabase database) : IDisposable
{
    private const string Secret = "correct-horse-battery-staple";
    private const string Config = $$"""{"host":"nas","ssh_password":"{{Secret}}"}""";

    private readonly DirectoryInfo _keys = Directory.CreateTempSubdirectory("keys-");
    private readonly List<DatabaseHost> _hosts = [];

    public void Dispose()
    {
        _hosts.ForEach(host => host.Dispose());
        database.Dispose();
        _keys.Delete(recursive: true);
        GC.SuppressFinalize(this);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Encrypted_settings_are_nowhere_to_be_read_in_the_database(bool encrypts)
    {
        var repository = Host(encrypts).GetRequiredService<IDeviceRepository>();
        var device = await repository.AddOrFindAsync(NewDevice(), default);
        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { Name = "Telly" }, default));
        var token = TestData.NewToken(device);
        await repository.TryIssueTokenAsync(token, new TokenIssueConditions(TestData.Start, 5, ReplacesEarlier: true), default);
        Assert.Equal(Config, (await repository.FindTokenAsync(token.Hash, default))!.Device!.SyncConfig!.Reveal());

        var dump = await database.DumpAsync();
        Assert.Contains("Telly", dump, StringComparison.Ordinal);
        Assert.Equal(!encrypts, dump.Contains(Secret, StringComparison.Ordinal));
        Assert.Equal(!encrypts, dump.Contains("ssh_password", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Rows_of_before_stay_readable_and_follow_at_their_next_write_in_both_directions()
    {
        var (plain, encrypting) = (Host(false).GetRequiredService<IDeviceRepository>(), Host(true).GetRequiredService<IDeviceRepository>());
        var device = await plain.AddOrFindAsync(NewDevice(), default);
        Assert.Equal(Config, await StoredAsync(device));

        TestData.AssertSame(device, await encrypting.FindAsync("alice", device.Id, default));
        await encrypting.TryReplaceAsync(device, default);
        Assert.StartsWith("dp1:CfDJ8", await StoredAsync(device), StringComparison.Ordinal);

        TestData.AssertSame(device with { Version = 1 }, await plain.FindAsync("alice", device.Id, default));
        await plain.TryReplaceAsync(device with { Version = 1 }, default);
        Assert.Equal(Config, await StoredAsync(device));
    }

    [Fact]
    public async Task A_device_without_settings_has_none()
    {
        var repository = Host(true).GetRequiredService<IDeviceRepository>();
        var device = await repository.AddOrFindAsync(NewDevice() with { SyncConfig = null }, default);
        Assert.Null(await StoredAsync(device));
        Assert.Null((await repository.FindAsync("alice", device.Id, default))!.SyncConfig);
    }

    [Fact]
    public async Task Settings_whose_key_is_lost_are_an_error_that_says_so_where_they_are_needed_and_are_not_wiped()
    {
        var device = await Host(true).GetRequiredService<IDeviceRepository>().AddOrFindAsync(NewDevice(), default);
        var token = TestData.NewToken(device);
        await Host(true).GetRequiredService<IDeviceRepository>().TryIssueTokenAsync(token, new TokenIssueConditions(TestData.Start, 5, ReplacesEarlier: false), default);
        var stored = await StoredAsync(device);
        foreach (var key in _keys.GetFiles())
        {
            key.Delete();
        }

        var repository = Host(true).GetRequiredService<IDeviceRepository>();
        foreach (var found in new[]
        {
            await repository.FindAsync("alice", device.Id, default),
            await repository.FindByIdentifierAsync("alice", device.ClientDeviceIdentifier!, default),
            Assert.Single(await repository.ListAsync("alice", default)),
            await repository.AddOrFindAsync(TestData.NewDevice(), default),
            (await repository.FindTokenAsync(token.Hash, default))!.Device, // its calls that need no settings go on
        })
        {
            Assert.Equal((device.Id, device.Name), (found!.Id, found.Name));
            var error = Assert.Throws<InvalidOperationException>(found.SyncConfig!.Reveal);
            Assert.Contains(device.Id, error.Message, StringComparison.Ordinal);
            Assert.Contains("key ring", error.Message, StringComparison.Ordinal);
            Assert.Throws<InvalidOperationException>(() => DeviceSchema.From(found));
            await Assert.ThrowsAsync<InvalidOperationException>(async () => await repository.TryReplaceAsync(found with { Name = "Den" }, default));
            Assert.Equal(stored, await StoredAsync(device));
        }

        Assert.Equal(DeviceReplacement.Replaced, await repository.TryReplaceAsync(device with { SyncConfig = null }, default)); // given up on purpose
        Assert.Null(await StoredAsync(device));
    }

    [Fact]
    public async Task A_request_that_needs_settings_whose_key_is_lost_is_500_and_logged_once()
    {
        var device = await Host(true).GetRequiredService<IDeviceRepository>().AddOrFindAsync(NewDevice(), default);
        await using var host = await TestHost.StartAsync( // it has keys of its own
            services: services =>
            {
                database.AddTo(services);
                services.AddDeviceAuthorization().AddEntityFrameworkStores<HostContext>();
            },
            map: app => app.MapDevices());
        var alice = await host.SignInAsync("alice");
        for (var call = 0; call < 2; call++)
        {
            Assert.Equal(HttpStatusCode.InternalServerError, (await alice.CallAsync("GET", DeviceCalls.Devices)).Status);
        }

        var logged = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Level >= LogLevel.Error && entry.Category!.StartsWith("DeviceAuthorization.", StringComparison.Ordinal));
        Assert.Equal(90, logged.Id.Id);
        Assert.Contains($"The sync_config of device {device.Id} cannot be decrypted.", logged.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Settings_that_were_copied_to_another_device_are_an_error()
    {
        var repository = Host(true).GetRequiredService<IDeviceRepository>();
        var (mine, other) = (await repository.AddOrFindAsync(NewDevice(), default), await repository.AddOrFindAsync(TestData.NewDevice("mallory"), default));
        var stored = await StoredAsync(mine);
        await database.QueryAsync(context => context.Set<DeviceRow>().Where(row => row.Id == other.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.SyncConfig, stored)));
        Assert.Throws<InvalidOperationException>((await repository.FindAsync("mallory", other.Id, default))!.SyncConfig!.Reveal);
    }

    [Fact]
    public async Task A_host_that_cannot_decrypt_at_all_says_what_it_lacks()
    {
        var device = await Host(true).GetRequiredService<IDeviceRepository>().AddOrFindAsync(NewDevice(), default);
        var error = Assert.Throws<InvalidOperationException>((await database.CreateRepository().FindAsync("alice", device.Id, default))!.SyncConfig!.Reveal);
        Assert.Contains("AddDataProtection()", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_whose_keys_would_end_with_it_does_not_start()
    {
        DatabaseHost Add(Action<IServiceCollection> protect)
        {
            var host = new DatabaseHost(database, add: builder =>
            {
                protect(builder.Services);
                builder.AddEntityFrameworkDeviceRepository<HostContext>(options => options.EncryptSyncConfig = true);
            });
            _hosts.Add(host);
            return host;
        }

        static void Start(DatabaseHost host) => host.Services.GetRequiredService<IStartupValidator>().Validate();
        Start(Add(services => services.AddDataProtection().PersistKeysToFileSystem(_keys)));
        Start(Add(services => services.AddSingleton<IDataProtectionProvider>(new OwnProtection()))); // the host's own
        Assert.All(
            [Add(_ => { }), Add(services => services.AddDataProtection()), Add(services => services.AddSingleton<IDataProtectionProvider>(new EphemeralDataProtectionProvider()))],
            host => Assert.Contains("PersistKeysToFileSystem", Assert.Throws<OptionsValidationException>(() => Start(host)).Message, StringComparison.Ordinal));
    }

    private static Device NewDevice()
    {
        Assert.True(SecretDocument.TryParse(Config, SecretKeys.Default, out var config, out _));
        return TestData.NewDevice() with { SyncConfig = config };
    }

    /// <summary>A node of a host that keeps its keys in a folder.</summary>
    private IServiceProvider Host(bool encrypts)
    {
        var host = new DatabaseHost(database, add: builder =>
        {
            builder.Services.AddDataProtection().PersistKeysToFileSystem(_keys);
            builder.AddEntityFrameworkStores<HostContext>(options => options.EncryptSyncConfig = encrypts);
        });
        _hosts.Add(host);
        return host.Services;
    }

    private Task<string?> StoredAsync(Device device) =>
        database.QueryAsync(context => context.Set<DeviceRow>().Where(row => row.Id == device.Id).Select(row => row.SyncConfig).SingleAsync());

    private sealed class OwnProtection : IDataProtectionProvider
    {
        public IDataProtector CreateProtector(string purpose) => throw new NotSupportedException();
    }
}

public sealed class SqliteEncryptionTests() : EncryptionTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresEncryptionTests(PostgresServer server) : EncryptionTests(new PostgresDatabase(server));

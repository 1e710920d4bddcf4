using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.Tests;

/// <summary>The whole flow over a real database, and what it costs.</summary>
public abstract class FlowTests(TestDatabase database) : IDisposable
{
    private readonly DatabaseHost _host = new(database);

    public void Dispose()
    {
        _host.Dispose();
        database.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task A_device_pairs_calls_and_pairs_again()
    {
        var codes = await _host.StartAsync();
        Assert.Equal(PairingError.AuthorizationPending, await _host.RefusedAsync(codes));
        Assert.Equal(PairingError.SlowDown, await _host.RefusedAsync(codes));
        var device = Assert.IsType<ApproverResult.Approved>(await _host.ApproveAsync(codes)).Device;
        var paired = Assert.IsType<PollResult.Paired>(await _host.PollAsync(codes));
        Assert.Equal(PairingError.InvalidGrant, await _host.RefusedAsync(codes));
        TestData.AssertSame(new TokenWithDevice(paired.Issued, device), await _host.CallAsync(paired.Token));
        Assert.Equal(["read"], paired.Issued.Scopes);

        var again = await _host.StartAsync();
        Assert.Equal(device.Id, Assert.IsType<ApproverResult.Approved>(await _host.ApproveAsync(again)).Device.Id);
        var replaced = Assert.IsType<PollResult.Paired>(await _host.PollAsync(again));
        Assert.Null(await _host.CallAsync(paired.Token));
        Assert.NotNull(await _host.CallAsync(replaced.Token));
    }

    [Fact]
    public async Task A_denied_device_is_told_so_and_an_expired_one_too()
    {
        var (denied, late) = (await _host.StartAsync(), await _host.StartAsync());
        await _host.DenyAsync(denied);
        Assert.Equal(PairingError.AccessDenied, await _host.RefusedAsync(denied));
        _host.Clock.Advance(TimeSpan.FromMinutes(10));
        Assert.Equal(PairingError.ExpiredToken, await _host.RefusedAsync(late));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await _host.ApproveAsync(late));
    }

    [Fact]
    public async Task A_user_id_that_no_column_holds_has_nothing_to_remove()
    {
        var access = _host.Services.GetRequiredService<DeviceAccess>();
        Assert.Equal(new SignOutResult(0, 0), await access.RemoveUserAsync(new string('a', 256)));
        Assert.Equal(new SignOutResult(0, 0), await access.RemoveUserAsync(new string('a', 255)));
    }

    [Fact]
    public async Task Of_many_hosts_that_are_polled_at_once_one_gives_the_token()
    {
        var codes = await _host.StartAsync();
        await _host.ApproveAsync(codes);
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => _host.PollAsync(codes))));
        var paired = Assert.IsType<PollResult.Paired>(Assert.Single(answers, answer => answer is PollResult.Paired));
        Assert.NotNull(await _host.CallAsync(paired.Token));
        Assert.Single(await _host.Services.GetRequiredService<IDeviceRepository>().ListTokensAsync("alice", default));
    }

    [Fact]
    public async Task A_pairing_in_a_state_of_a_later_version_is_unknown_and_grants_nothing()
    {
        var codes = await _host.StartAsync();
        await _host.ApproveAsync(codes);
        Assert.Equal(1, await database.QueryAsync(context => context.Database.ExecuteSqlRawAsync("UPDATE \"DevicePairings\" SET \"Status\" = 'Suspended'")));
        Assert.Equal(PairingError.InvalidGrant, await _host.RefusedAsync(codes));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await _host.ApproveAsync(codes));
        Assert.Equal(new ApproverResult.Refused(ApproverRefusal.NotFound), await _host.DenyAsync(codes));
    }

    [Theory]
    [InlineData(null, 2, 5)]
    [InlineData("tv-1", 3, 6)]
    public async Task Each_step_costs_as_few_commands_as_promised(string? identifier, int lookUp, int approveKnown)
    {
        var wire = database.Wire;
        StartResult.Started codes = null!;
        DeviceToken token = null!;
        Assert.Equal(1, await wire.CountAsync(async () => codes = await _host.StartAsync(identifier)));
        Assert.Equal(1, await wire.CountAsync(() => _host.PollAsync(codes))); // pending
        Assert.Equal(3, await wire.CountAsync(() => _host.PollAsync(codes))); // too early, first time
        Assert.Equal(2, await wire.CountAsync(() => _host.PollAsync(codes))); // too early again
        Assert.Equal(lookUp, await wire.CountAsync(() => _host.InspectAsync(codes)));
        Assert.Equal(5, await wire.CountAsync(() => _host.ApproveAsync(codes)));
        Assert.Equal(4, await wire.CountAsync(async () => token = Assert.IsType<PollResult.Paired>(await _host.PollAsync(codes)).Token));
        Assert.Equal(1, await wire.CountAsync(() => _host.CallAsync(token)));

        codes = await _host.StartAsync(identifier);
        Assert.Equal(approveKnown, await wire.CountAsync(() => _host.ApproveAsync(codes))); // known, and nothing new to say of it
        Assert.Equal(identifier is null ? 4 : 5, await wire.CountAsync(() => _host.PollAsync(codes))); // reads which tokens it replaced

        codes = await _host.StartAsync(identifier);
        Assert.Equal(2, await wire.CountAsync(() => _host.DenyAsync(codes)));
    }

    [Theory]
    [InlineData(SignOutDevices.Keep, 4)]
    [InlineData(SignOutDevices.Remove, 5)]
    public async Task A_sign_out_costs_the_same_for_a_thousand_tokens_as_for_none(SignOutDevices devices, int commands)
    {
        var repository = _host.Services.GetRequiredService<IDeviceRepository>();
        Assert.Equal(commands, await database.Wire.CountAsync(async () => Assert.Empty((await repository.SignOutAsync("alice", devices, TestData.Start, default)).Tokens)));
        await database.QueryAsync(context =>
        {
            context.AddRange(Enumerable.Range(0, 1000).Select(_ => TokenRow.From(TestData.NewUnboundToken())));
            context.Add(TokenRow.From(TestData.NewUnboundToken("bob")));
            return context.SaveChangesAsync();
        });
        Assert.Equal(commands, await database.Wire.CountAsync(async () =>
            Assert.Equal(1000, (await repository.SignOutAsync("alice", devices, TestData.Start, default)).Tokens.Count)));
        Assert.Single(await repository.ListTokensAsync("bob", default));
    }
}

public sealed class SqliteFlowTests() : FlowTests(new SqliteDatabase());

[Collection(PostgresTests.Name)]
public sealed class PostgresFlowTests(PostgresServer server) : FlowTests(new PostgresDatabase(server));

using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>The flow: a device starts a pairing.</summary>
public sealed class StartTests
{
    [Fact]
    public async Task A_started_pairing_is_found_by_its_user_code()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var found = Assert.IsType<ApproverResult.Review>(await flow.Approver.ReviewAsync(codes.UserCode, new Approver("alice")));
        Assert.Equal("tv", found.Pairing.ClientId);
        Assert.Equal(["read", "write"], found.GrantableScopes);
        Assert.Equal(TimeSpan.FromMinutes(10), codes.ExpiresIn);
        Assert.Equal(TimeSpan.FromSeconds(5), codes.Interval);
    }

    [Fact]
    public async Task Polls_must_name_the_client_unless_the_host_says_otherwise()
    {
        var flow = new TestFlow();
        var request = new PairingRequest { ClientId = "tv", Scopes = ["read"], Device = new ReportedDevice { Name = "TV" } };
        var codes = Assert.IsType<StartResult.Started>(await flow.Device.StartAsync(request));
        Assert.Equal(PairingError.InvalidGrant, await flow.RefusedAsync(codes, clientId: null));
        codes = Assert.IsType<StartResult.Started>(await flow.Device.StartAsync(request with { RequiresClientId = false }));
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(codes, clientId: null));
    }

    [Fact]
    public async Task The_store_never_sees_a_code()
    {
        var flow = new TestFlow();
        var codes = await flow.StartAsync();
        var pairing = System.Text.Json.JsonSerializer.Serialize(await flow.StoredAsync(codes));
        Assert.DoesNotContain(codes.DeviceCode.Reveal(), pairing, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(codes.UserCode.Reveal(), pairing, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(codes.UserCode.RevealGrouped(), pairing, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Scopes_the_host_does_not_have_start_nothing()
    {
        var flow = new TestFlow();
        var request = new PairingRequest { ClientId = "tv", Scopes = ["read", "admin", "READ"], Device = new ReportedDevice { Name = "TV" } };
        Assert.Equal(["admin", "READ"], Assert.IsType<StartResult.UnknownScopes>(await flow.Device.StartAsync(request)).Scopes);
        Assert.Empty(flow.Store.Added);
    }

    [Theory]
    [InlineData(null, "read write")]
    [InlineData("read", "read")]
    public async Task Without_scopes_the_default_ones_are_asked_for(string? defaults, string requested)
    {
        var flow = new TestFlow(options => options.DefaultScopes = defaults?.Split(' '));
        await flow.Device.StartAsync(new PairingRequest { ClientId = "tv", Device = new ReportedDevice { Name = "TV" } });
        Assert.Equal(requested, string.Join(' ', flow.Store.Added.Single().RequestedScopes));
    }

    [Fact]
    public async Task A_user_code_that_is_taken_is_made_anew_and_nothing_is_overwritten()
    {
        var flow = new TestFlow();
        var first = await flow.StartAsync(name: "First");
        var taken = first.UserCode.Hash();
        var collisions = 4;
        flow.Store.Adding = pairing => collisions-- > 0 ? pairing with { UserCodeHash = taken } : pairing;
        var second = await flow.StartAsync(name: "Second");
        Assert.Equal("First", (await flow.StoredAsync(first)).Device.Name);
        Assert.Equal("Second", (await flow.StoredAsync(second)).Device.Name);
        await flow.ApproveAsync(first);
        await flow.RedeemAsync(first);
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(second));
    }

    [Fact]
    public async Task A_device_code_that_is_taken_is_made_anew_and_nothing_is_overwritten()
    {
        var flow = new TestFlow();
        var first = await flow.StartAsync(name: "First");
        var collisions = 1;
        flow.Store.Adding = pairing => collisions-- > 0 ? pairing with { DeviceCodeHash = first.DeviceCode.Hash() } : pairing;
        var second = await flow.StartAsync(name: "Second");
        Assert.Equal(2, flow.Store.Added.Count);
        await flow.ApproveAsync(second);
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(first));
    }

    [Fact]
    public async Task After_five_taken_user_codes_the_service_is_unavailable()
    {
        var flow = new TestFlow(options => options.UserCode = new UserCodeFormat { Alphabet = "B" }); // there is one code
        var first = await flow.StartAsync();
        var attempts = 0;
        flow.Store.Adding = pairing =>
        {
            attempts++;
            return pairing;
        };
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
        Assert.Equal(5, attempts);
        await flow.ApproveAsync(first);
        await flow.RedeemAsync(first);
    }

    [Fact]
    public async Task A_full_store_is_unavailable_until_a_pairing_expires()
    {
        var flow = new TestFlow(options => options.MaxLivePairings = 2);
        var first = await flow.StartAsync();
        flow.Clock.Advance(TimeSpan.FromMinutes(1));
        await flow.StartAsync();
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
        flow.Clock.Advance(TimeSpan.FromMinutes(9) - TimeSpan.FromMilliseconds(1));
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync());
        Assert.Equal(PairingError.AuthorizationPending, await flow.RefusedAsync(first));
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<StartResult.Started>(await flow.TryStartAsync());
        Assert.Equal(PairingError.ExpiredToken, await flow.RefusedAsync(first));
    }

    [Fact]
    public async Task A_decided_pairing_makes_room()
    {
        var flow = new TestFlow(options => options.MaxLivePairings = 1);
        await flow.DenyAsync(await flow.StartAsync());
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        var second = await flow.StartAsync();
        await flow.ApproveAsync(second);
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<StartResult.Unavailable>(await flow.TryStartAsync()); // approved, and its device has yet to come
        await flow.RedeemAsync(second);
        flow.Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.IsType<StartResult.Started>(await flow.TryStartAsync());
    }
}

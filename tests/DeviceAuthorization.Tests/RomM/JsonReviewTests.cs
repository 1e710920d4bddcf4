using System.Net;
using System.Text.Json;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary><c>GET pending/{code}</c>: an approver looks at the device before the decision.</summary>
public sealed class JsonReviewTests
{
    [Fact]
    [Trait("RomM", "auth_required")]
    public async Task Nobody_looks_without_signing_in()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        using var answer = await host.Device().GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
        Assert.Equal("Bearer realm=\"DeviceAuthorization\"", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("Not authenticated", await answer.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "stores_both_redis_keys")]
    public async Task What_the_device_said_is_shown_to_the_approver()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync("id-7", "Handheld", "profile", "library.read");
        host.Clock.Advance(TimeSpan.FromSeconds(100));
        var body = await PendingAsync(await host.SignInAsync("alice"), codes.UserCode);

        Assert.Equal("id-7", body.String("client_device_identifier"));
        Assert.Equal("Handheld", body.String("name"));
        Assert.Equal("grout", body.String("client"));
        Assert.Equal("muOS", body.String("platform"));
        Assert.Equal("1.2.3", body.String("client_version"));
        Assert.Equal("2026-11-23T12:10:00+00:00", body.String("expires_at")); // the deadline does not move
    }

    [Fact]
    public async Task What_a_device_did_not_say_is_null()
    {
        await using var host = await TestHost.StartAsync();
        using var start = await host.Device().PostRawAsync(
            "init", """{ "client_device_identifier": "i", "name": "n", "client": "c", "requested_scopes": ["profile"] }""", "application/json");
        var body = await PendingAsync(await host.SignInAsync("alice"), StartedCodes.From(await start.JsonAsync()).UserCode);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("platform").ValueKind);
        Assert.Equal(JsonValueKind.Null, body.GetProperty("client_version").ValueKind);
    }

    [Fact]
    [Trait("RomM", "unknown_user_code_returns_404")]
    public async Task An_unknown_code_is_404()
    {
        await using var host = await TestHost.StartAsync();
        await host.Device().StartJsonAsync();
        using var answer = await (await host.SignInAsync("alice")).GetAsync($"{Wire.Prefix}/pending/BBBBBBBB");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("Unknown or expired code", await answer.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "returns_intersected_allowed_scopes")]
    [Trait("RomM", "user_without_a_scope_gets_it_stripped_from_allowed")]
    public async Task Requested_is_all_that_was_asked_and_allowed_what_the_account_has_both_sorted()
    {
        var policy = new TestPolicy { Lacking = { ("bob", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync(scopes: ["profile", "library.write", "library.read"]);
        var body = await PendingAsync(await host.SignInAsync("bob"), codes.UserCode);
        Assert.Equal(["library.read", "library.write", "profile"], body.Strings("requested_scopes"));
        Assert.Equal(["library.read", "profile"], body.Strings("allowed_scopes"));
    }

    [Fact]
    [Trait("RomM", "already_approved_returns_410")]
    public async Task Who_approved_is_told_so_and_others_are_not()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var mine = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        using var foreign = await (await host.SignInAsync("bob")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(HttpStatusCode.Gone, mine.StatusCode);
        Assert.Equal("Code already approved", await mine.DetailAsync());
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Theory]
    [Trait("RomM", "expired_pending_returns_404")]
    [InlineData(-1, HttpStatusCode.OK)]
    [InlineData(0, HttpStatusCode.NotFound)]
    public async Task A_code_lives_ten_minutes(int milliseconds, HttpStatusCode status)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromMilliseconds(milliseconds));
        using var answer = await (await host.SignInAsync("alice")).GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        Assert.Equal(status, answer.StatusCode);
    }

    [Fact]
    [Trait("RomM", "user_code_normalization")]
    [Trait("RomM", "normalize_user_code_strips_hyphens_and_uppercases")]
    public async Task A_code_is_found_however_it_is_typed()
    {
        await using var host = await TestHost.StartAsync();
        var code = (await host.Device().StartJsonAsync()).UserCode;
        var alice = await host.SignInAsync("alice");
        var (first, second) = (code[..4], code[4..]);
        foreach (var typed in new[] { $"{first}-{second}".ToLowerInvariant(), $"{first} {second}", $" {code}-", $"{first}\u2013{second}" })
        {
            await PendingAsync(alice, typed);
        }
    }

    [Fact]
    public async Task Looking_claims_nothing()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        await PendingAsync(await host.SignInAsync("alice"), codes.UserCode);
        var bob = await host.SignInAsync("bob");
        await PendingAsync(bob, codes.UserCode);
        Assert.Equal(HttpStatusCode.OK, (await bob.ApproveAsync(codes.UserCode)).StatusCode);
    }

    [Fact]
    public async Task The_answer_holds_nothing_a_browser_could_redeem_with()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        var body = await PendingAsync(await host.SignInAsync("alice"), codes.UserCode);
        Assert.DoesNotContain(codes.DeviceCode, body.GetRawText(), StringComparison.Ordinal);
        Assert.False(body.TryGetProperty("user_code", out _));
    }

    private static async Task<JsonElement> PendingAsync(HttpClient approver, string userCode)
    {
        using var answer = await approver.GetAsync($"{Wire.Prefix}/pending/{Uri.EscapeDataString(userCode)}");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }
}

using System.Net;
using System.Text.Json;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST approve</c>: an approver says yes.</summary>
public sealed class JsonApproveTests
{
    [Fact]
    [Trait("RomM", "creates_device_and_bound_token")]
    public async Task Approving_registers_the_device_and_its_one_token_is_bound_to_it()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync("id-9", "Handheld", "library.read", "profile");
        var approved = await ApproveAsync(host, codes, ["profile", "library.read"]);

        var id = approved.String("device_id")!;
        Assert.Equal("Handheld", approved.String("device_name"));
        var record = await host.Services.GetRequiredService<IDeviceRepository>().FindAsync("alice", id, CancellationToken.None);
        Assert.Equal(("id-9", "grout", "muOS", "1.2.3"), (record!.ClientDeviceIdentifier, record.Client, record.Platform, record.ClientVersion));

        using var answer = await device.PollJsonAsync(codes.DeviceCode);
        var body = await answer.JsonAsync();
        Assert.Equal(id, body.String("device_id"));
        Assert.Equal(["library.read", "profile"], body.Strings("scopes"));
    }

    [Fact]
    [Trait("RomM", "redis_flipped_to_approved_with_token_payload")]
    public async Task The_answer_to_an_approval_holds_no_token()
    {
        await using var host = await TestHost.StartAsync();
        var approved = await ApproveAsync(host, await host.Device().StartJsonAsync());
        Assert.Equal(["device_id", "device_name"], approved.Names());
        Assert.DoesNotContain("da_", approved.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("RomM", "scope_clamping_rejects_scopes_above_allowed")]
    public async Task A_scope_the_account_lacks_cannot_be_granted()
    {
        var policy = new TestPolicy { Lacking = { ("bob", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync(scopes: ["library.read", "library.write"]);
        var bob = await host.SignInAsync("bob");
        using var tooMuch = await bob.ApproveAsync(codes.UserCode, "library.read", "library.write");
        Assert.Equal(HttpStatusCode.Forbidden, tooMuch.StatusCode);
        Assert.Equal("Approved scopes exceed what's allowed for this user", await tooMuch.DetailAsync());
        Assert.Equal(HttpStatusCode.OK, (await bob.ApproveAsync(codes.UserCode, "library.read")).StatusCode); // still open
    }

    [Theory]
    [Trait("RomM", "scope_clamping_rejects_scopes_above_requested")]
    [InlineData("library.write")]
    [InlineData("LIBRARY.READ")]
    [InlineData("nothing.known")]
    public async Task A_scope_that_was_not_asked_for_cannot_be_granted(string scope)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync(scopes: "library.read");
        using var answer = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode, "library.read", scope);
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.DetailAsync());
    }

    [Theory]
    [Trait("RomM", "empty_approved_scopes_rejected")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": [] }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": null }""")]
    [InlineData("""{ "user_code": "{code}" }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": [null] }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": "library.read" }""")]
    [InlineData("""{ "approved_scopes": ["library.read"] }""")]
    [InlineData("""{ "user_code": "", "approved_scopes": ["library.read"] }""")]
    [InlineData("""{ "user_code": "{code}                         ", "approved_scopes": ["library.read"] }""")]
    [InlineData("""{ "user_code": "{code}", "user_code": "{code}", "approved_scopes": ["library.read"] }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": ["library.read"], "device_name": "a\u0007b" }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": ["library.read"], "device_name": 5 }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": ["library.read"], "expires_in": "31d" }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": ["library.read"], "expires_in": "" }""")]
    [InlineData("""{ "user_code": "{code}", "approved_scopes": ["library.read"], "expires_in": 30 }""")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    public async Task A_bad_shape_is_422_with_a_sentence_and_changes_nothing(string body)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        using var answer = await (await host.SignInAsync("alice"))
            .PostRawAsync("approve", body.Replace("{code}", codes.UserCode, StringComparison.Ordinal), "application/json");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.False(string.IsNullOrEmpty(await answer.DetailAsync()));
        using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal("authorization_pending", await poll.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "reapprove_response_reflects_new_device_name")]
    [Trait("RomM", "device_dedupe_on_same_client_identifier")]
    public async Task Pairing_a_device_again_renames_it_and_revokes_its_earlier_token()
    {
        await using var host = await TestHost.StartAsync();
        var (firstId, firstToken) = await PairAsync(host, "Old name");
        using var before = await host.WithToken(firstToken).GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.OK, before.StatusCode);

        var (secondId, secondToken) = await PairAsync(host, "New name");
        Assert.Equal(firstId, secondId);
        using var old = await host.WithToken(firstToken).GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.Unauthorized, old.StatusCode);
        using var library = await host.WithToken(secondToken).GetAsync("/api/library");
        Assert.Equal("New name", (await library.JsonAsync()).String("name"));
    }

    [Fact]
    [Trait("RomM", "device_dedupe_on_same_client_identifier")]
    public async Task A_host_that_keeps_earlier_tokens_has_two_for_one_device()
    {
        await using var host = await TestHost.StartAsync(options => options.ReplaceEarlierTokens = false);
        var (firstId, firstToken) = await PairAsync(host, "Device");
        var (secondId, secondToken) = await PairAsync(host, "Device");
        Assert.Equal(firstId, secondId);
        foreach (var token in new[] { firstToken, secondToken })
        {
            using var library = await host.WithToken(token).GetAsync("/api/library");
            Assert.Equal(HttpStatusCode.OK, library.StatusCode);
        }
    }

    [Fact]
    public async Task An_identifier_of_another_users_device_makes_a_device_of_its_own()
    {
        await using var host = await TestHost.StartAsync();
        var (aliceId, aliceToken) = await PairAsync(host, "Hers");
        var (bobId, _) = await PairAsync(host, "His", user: "bob");
        Assert.NotEqual(aliceId, bobId, StringComparer.Ordinal);
        using var library = await host.WithToken(aliceToken).GetAsync("/api/library");
        Assert.Equal("Hers", (await library.JsonAsync()).String("name"));
    }

    [Theory]
    [Trait("RomM", "user_edited_device_name_persists")]
    [InlineData("Bedroom", "Bedroom")]
    [InlineData("  Bed   room ", "Bed room")]
    [InlineData("", "My device")]
    [InlineData("   ", "My device")] // ours; RomM would keep the blanks
    [InlineData(null, "My device")]
    public async Task The_approver_may_name_the_device(string? chosen, string name)
    {
        await using var host = await TestHost.StartAsync();
        var approved = await ApproveAsync(host, await host.Device().StartJsonAsync(), deviceName: chosen);
        Assert.Equal(name, approved.String("device_name"));
    }

    [Theory]
    [Trait("RomM", "expiry_respected")]
    [Trait("RomM", "never_expires")]
    [InlineData("30d", "2026-12-23T12:00:00+00:00")]
    [InlineData("90d", "2027-02-21T12:00:00+00:00")]
    [InlineData("1y", "2027-11-23T12:00:00+00:00")]
    [InlineData("never", null)]
    [InlineData(null, "2027-02-21T12:00:00+00:00")] // ours: the host's default, 90 days; RomM's is never
    public async Task The_approver_chooses_how_long_the_token_lives(string? choice, string? expiresAt)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        await ApproveAsync(host, codes, expiresIn: choice);
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(expiresAt, (await answer.JsonAsync()).String("expires_at")); // always there, perhaps as null
    }

    [Fact]
    [Trait("RomM", "already_approved_returns_410_or_404")]
    public async Task A_second_approval_is_410_for_who_approved_and_404_for_others()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        await ApproveAsync(host, codes);
        using var again = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        using var deny = await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode);
        using var foreign = await (await host.SignInAsync("bob")).ApproveAsync(codes.UserCode);
        Assert.Equal([HttpStatusCode.Gone, HttpStatusCode.Gone, HttpStatusCode.NotFound], [again.StatusCode, deny.StatusCode, foreign.StatusCode]);

        (await host.Device().PollJsonAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        using var later = await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode);
        Assert.Equal("Code already approved", await later.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "unknown_user_code_returns_404")]
    public async Task An_unknown_code_is_404()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).ApproveAsync("BBBB-BBBB");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task Of_many_approvals_at_once_one_wins_and_there_is_one_device_and_one_token()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        var approvers = new[] { await host.SignInAsync("alice"), await host.SignInAsync("alice"), await host.SignInAsync("bob"), await host.SignInAsync("bob") };
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => i % 5 == 4 ? approvers[i % 4].DenyAsync(codes.UserCode) : approvers[i % 4].ApproveAsync(codes.UserCode)));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.All(answers, answer => Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.Gone, HttpStatusCode.NotFound }));
    }

    private static async Task<JsonElement> ApproveAsync(
        TestHost host, StartedCodes codes, string[]? scopes = null, string? deviceName = null, string? expiresIn = null, string user = "alice")
    {
        using var answer = await (await host.SignInAsync(user)).PostJsonAsync(
            "approve",
            new { user_code = codes.UserCode, approved_scopes = scopes ?? ["library.read"], device_name = deviceName, expires_in = expiresIn });
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.JsonAsync();
    }

    private static async Task<(string DeviceId, string Token)> PairAsync(TestHost host, string name, string user = "alice")
    {
        var codes = await host.Device().StartJsonAsync("the-same-device");
        var approved = await ApproveAsync(host, codes, deviceName: name, user: user);
        Assert.Equal(name, approved.String("device_name"));
        using var answer = await host.Device().PollJsonAsync(codes.DeviceCode);
        return (approved.String("device_id")!, (await answer.JsonAsync()).String("access_token")!);
    }
}

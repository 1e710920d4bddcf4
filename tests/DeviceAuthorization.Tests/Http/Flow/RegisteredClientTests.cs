using System.Net;
using DeviceAuthorization.Codes;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Where the host registered clients: bad inputs 15, 31, 33, 34, 36 and 59, the rows P-09, P-35, P-68, P-69, T-35 and ADV-32. What a
/// host without any does, <see cref="ClientIdentificationTests"/> says.
/// </summary>
public sealed class RegisteredClientTests
{
    private static readonly string Right = Clients.Basic("a:b%", Clients.Secret);
    private static readonly string[] Scopes = ["library.read"];
    private static readonly string RightForm = $"client_id={Clients.Encoded}&client_secret={Clients.Form(Clients.Secret)}";

    public static TheoryData<string, string?, string, int, string> Wrong => new()
    {
        { "15", null, "client_id=nobody", 400, "invalid_client" },
        { "15, in another case", null, "client_id=TV", 400, "invalid_client" },
        { "15, by header", Clients.Basic("nobody", ""), "", 401, "invalid_client" },
        { "15, with a secret that somebody has", Clients.Basic("nobody", Clients.Secret), "", 401, "invalid_client" },
        { "31", Clients.Basic("a:b%", "wrong"), "", 401, "invalid_client" },
        { "31, another client's", Clients.Basic("a:b%", Clients.ApiSecret), "", 401, "invalid_client" },
        { "31, in another case", Clients.Basic("a:b%", Clients.Secret.ToUpperInvariant()), "", 401, "invalid_client" },
        { "31, with more behind it", Clients.Basic("a:b%", Clients.Secret + " "), "", 401, "invalid_client" },
        { "31, in the body", null, $"client_id={Clients.Encoded}&client_secret=wrong", 400, "invalid_client" },
        { "33", Right, $"client_secret={Clients.Form(Clients.Secret)}", 400, "invalid_request" },
        { "34", Right, "client_id=tv", 400, "invalid_request" },
        { "34, the other way round", Clients.Basic("tv", ""), $"client_id={Clients.Encoded}", 400, "invalid_request" },
        { "36", null, $"client_id={Clients.Encoded}", 400, "invalid_client" },
        { "36, empty secret", null, $"client_id={Clients.Encoded}&client_secret=", 400, "invalid_client" },
        { "36, blank password", Clients.Basic("a:b%", ""), "", 401, "invalid_client" },
        { "58", null, "", 400, "invalid_request" },
        { "58, a secret alone", null, $"client_secret={Clients.Form(Clients.Secret)}", 400, "invalid_request" },
        { "74", "Bearer x", RightForm, 401, "invalid_client" },
        { "P-68, a secret of a public client", null, "client_id=tv&client_secret=x", 400, "invalid_client" },
        { "P-68, by header", Clients.Basic("tv", "x"), "", 401, "invalid_client" },
    };

    [Theory, MemberData(nameof(Wrong))]
    [Trait("Row", "15"), Trait("Row", "31"), Trait("Row", "33"), Trait("Row", "34"), Trait("Row", "36"), Trait("Row", "59")]
    [Trait("Row", "P-09"), Trait("Row", "P-35"), Trait("Row", "P-68"), Trait("Row", "T-35"), Trait("Row", "ADV-32")]
    public async Task Who_is_not_the_client_is_refused_before_anything_is_looked_up_and_the_client_succeeds_afterwards(
        string row, string? authorization, string body, int status, string error)
    {
        _ = row;
        var store = new ProbingPairingStore();
        await using var host = await Clients.StartHostAsync(options => options.MaxLivePairings = 2, store.Use);
        var codes = await host.StartConfidentialAsync();
        await AssertRefusedAsync();
        using var pending = await host.SendFormAsync("token", Clients.Poll(codes), Right);
        Assert.Equal("authorization_pending", await pending.ErrorAsync()); // the first that counted: not too early

        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        await AssertRefusedAsync();
        await host.StartConfidentialAsync(); // there was still room
        using var paired = await host.SendFormAsync("token", Clients.Poll(codes), Right);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);

        async Task AssertRefusedAsync()
        {
            var calls = store.Calls;
            foreach (var (endpoint, more) in (IEnumerable<(string, string)>)[("init", ""), ("token", Clients.Poll(codes))])
            {
                using var answer = await host.SendFormAsync(endpoint, more + body, authorization);
                await OAuthAssert.ErrorAsync(answer, status, error, codes.DeviceCode, Clients.Secret);
                Assert.Equal(status == 401, answer.Headers.WwwAuthenticate.ToString().StartsWith("Basic realm=\"", StringComparison.Ordinal));
            }

            Assert.Equal(calls, store.Calls);
        }
    }

    public static TheoryData<string, string?, string> Accepted => new()
    {
        { "a:b%", Right, "" },
        { "a:b%", Right, $"client_id={Clients.Encoded}" },
        { "a:b%", null, RightForm },
        { "tv", null, "client_id=tv" },
        { "tv", null, "client_id=tv&client_secret=" },
        { "tv", Clients.Basic("tv", ""), "" },
    };

    [Theory, MemberData(nameof(Accepted))]
    [Trait("Row", "P-69"), Trait("Row", "ADV-40")]
    public async Task A_client_authenticates_itself_in_either_way_at_both_endpoints(string clientId, string? authorization, string body)
    {
        await using var host = await Clients.StartHostAsync();
        using var start = await host.SendFormAsync("init", body, authorization);
        var codes = StartedCodes.From(await start.JsonAsync());
        using var poll = await host.SendFormAsync("token", Clients.Poll(codes) + body, authorization);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.SendFormAsync("token", Clients.Poll(codes) + body, authorization);
        var token = (await paired.JsonAsync()).String("access_token")!;
        var found = await host.Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(SecretHash.Of(token), default);
        Assert.Equal(clientId, found!.Token.ClientId);
    }

    [Fact]
    [Trait("Row", "57"), Trait("Row", "ADV-01")]
    public async Task Another_client_is_refused_as_for_an_unknown_code_even_one_that_authenticates_itself()
    {
        await using var host = await Clients.StartHostAsync();
        var (confidential, open) = (await host.StartConfidentialAsync(), await host.Device().StartAsync());
        foreach (var (codes, body) in new[]
        {
            (confidential, "client_id=tv"), (confidential, $"client_id=api&client_secret={Clients.ApiSecret}"), (open, RightForm),
        })
        {
            using var answer = await host.SendFormAsync("token", Clients.Poll(codes) + body);
            await OAuthAssert.ErrorAsync(answer, 400, "invalid_grant");
        }
    }

    [Fact]
    [Trait("Row", "P-69")]
    public async Task Wrong_secrets_are_throttled_and_the_right_one_never_is()
    {
        await using var host = await Clients.StartHostAsync(options => options.RateLimits = new() { StartsPerMinute = 1000 });
        for (var attempt = 0; attempt < 20; attempt++)
        {
            using var wrong = await host.SendFormAsync(attempt % 2 == 0 ? "token" : "init", $"grant_type={Wire.GrantType}", Clients.Basic("a:b%", $"guess {attempt}"));
            await OAuthAssert.ErrorAsync(wrong, 401, "invalid_client");
            using var none = await host.SendFormAsync("init", $"client_id={Clients.Encoded}");
            await OAuthAssert.ErrorAsync(none, 400, "invalid_client"); // is no guess
        }

        using var refused = await host.SendFormAsync("revoke", "token=x", Clients.Basic("api", "another client, the same address"));
        await OAuthAssert.ErrorAsync(refused, 429, "slow_down");
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 610);
        await host.StartConfidentialAsync();
        host.Clock.Advance(refused.Headers.RetryAfter.Delta.Value);
        using var again = await host.SendFormAsync("init", "", Clients.Basic("a:b%", "a guess after a pause"));
        Assert.Equal(HttpStatusCode.Unauthorized, again.StatusCode);
    }

    [Fact]
    public async Task Without_limits_wrong_secrets_are_only_refused()
    {
        await using var host = await Clients.StartHostAsync();
        for (var attempt = 0; attempt < 25; attempt++)
        {
            using var wrong = await host.SendFormAsync("init", "", Clients.Basic("a:b%", "guess"));
            Assert.Equal(HttpStatusCode.Unauthorized, wrong.StatusCode);
        }
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("a:b%")] // has a secret, and JSON has no place for it
    public async Task In_JSON_a_client_that_is_unknown_or_would_need_a_secret_is_refused(string client)
    {
        await using var host = await Clients.StartHostAsync();
        var device = host.Device();
        var codes = await device.StartAsync();
        using var start = await device.PostJsonAsync("init", new { client_device_identifier = "id", name = "TV", client, requested_scopes = Scopes });
        using var poll = await device.PostJsonAsync("token", new { device_code = codes.DeviceCode, client_id = client });
        foreach (var answer in (HttpResponseMessage[])[start, poll])
        {
            await OAuthAssert.ErrorAsync(answer, 400, "invalid_client");
            Assert.Equal("""{"detail":"invalid_client","error":"invalid_client"}""", await answer.Content.ReadAsStringAsync());
        }

        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());
    }

    [Fact]
    [Trait("Row", "ADV-32")]
    public async Task In_JSON_nobody_fetches_what_a_client_with_a_secret_started()
    {
        await using var host = await Clients.StartHostAsync();
        var codes = await host.StartConfidentialAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var poll = await host.Device().PollJsonAsync(codes.DeviceCode);
        await OAuthAssert.ErrorAsync(poll, 400, "expired_token"); // as for an unknown code
        using var paired = await host.SendFormAsync("token", Clients.Poll(codes), Right);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
    }

    [Fact]
    public async Task In_JSON_a_registered_client_pairs_as_ever()
    {
        await using var host = await Clients.StartHostAsync(options => options.Clients["grout"] = new DeviceClient());
        var codes = await host.Device().StartJsonAsync();
        (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
    }

    [Theory]
    [InlineData("client_secret=&")]
    [InlineData("client_secret&client_id=&")]
    public async Task An_empty_parameter_beside_Basic_is_an_omitted_one(string empty) // RFC 6749 §3.2
    {
        await using var host = await Clients.StartHostAsync();
        using var started = await host.SendFormAsync("init", empty, Right);
        Assert.Equal(HttpStatusCode.OK, started.StatusCode);
        using var poll = await host.SendFormAsync("token", empty + Clients.Poll(StartedCodes.From(await started.JsonAsync())), Right);
        Assert.Equal("authorization_pending", await poll.ErrorAsync());
        using var revoked = await host.SendFormAsync("revoke", $"{empty}token=x", Right);
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
    }

    [Fact]
    [Trait("Row", "T-25")]
    public async Task No_secret_of_a_client_is_in_a_log()
    {
        await using var host = await Clients.StartHostAsync();
        await host.PairConfidentialAsync();
        using var wrong = await host.SendFormAsync("token", $"grant_type={Wire.GrantType}&client_id={Clients.Encoded}&client_secret=wrong-secret-of-somebody");
        Assert.DoesNotContain(host.Logs.GetSnapshot(), record =>
            record.Message.Contains(Clients.Secret, StringComparison.Ordinal) || record.Message.Contains("wrong-secret-of-somebody", StringComparison.Ordinal));
    }
}

namespace DeviceAuthorization.BlackBox;

/// <summary>The access token at the host's API and at the library's (rows 96 to 103).</summary>
public abstract class AccessTokenTests(Store store)
{
    private static readonly string[] Apis = ["/api/users/me", "/api/devices"];

    [SkippableFact]
    [Trait("Row", "96")]
    public async Task Without_a_token_the_challenge_names_no_error()
    {
        var host = await store.MainAsync();
        foreach (var api in Apis)
        {
            (await host.Client.CallAsync("GET", api)).Challenges();
        }
    }

    [SkippableTheory]
    [InlineData("97, Bearer alone", "Bearer")]
    [InlineData("97, Bearer and spaces", "Bearer    ")]
    [InlineData("97, two tokens", "Bearer {token} {token}")]
    [InlineData("97, a list", "Bearer {token},{token}")]
    [InlineData("97, a list of schemes", "Bearer {token}, Bearer {token}")]
    [InlineData("97, something before it", "x Bearer {token}")]
    [InlineData("97, no scheme", "{token}")]
    public async Task What_is_not_one_token_is_refused(string row, string header)
    {
        _ = row;
        var host = await store.MainAsync();
        var (token, _) = await host.PairAsync("alice", "me.read devices.read");
        foreach (var api in Apis)
        {
            var answer = await host.Client.CallAsync("GET", api, headers: ("Authorization", header.Replace("{token}", token, StringComparison.Ordinal)));
            Assert.True(answer.Status is 400 or 401, $"{answer.Status}: {answer.Body}");
            Assert.StartsWith("Bearer realm=\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        }
    }

    [SkippableFact]
    [Trait("Row", "98"), Trait("Row", "102")]
    public async Task Tokens_that_are_none_any_more_or_never_were_get_the_same_answer()
    {
        // An expired one, which lives for an hour at least: DeviceTokenHandlerTests, in process.
        var host = await store.MainAsync();
        var (token, _) = await host.PairAsync("alice", "me.read devices.read");
        var (revoked, device) = await host.PairAsync("alice", "me.read me.write");
        var id = (await host.Client.WithBearerAsync(revoked, "/api/client-tokens")).Is(200).Json.EnumerateArray()
            .Single(row => row.GetProperty("device_id").GetString() == device).GetProperty("id").GetString();
        (await host.Client.WithBearerAsync(revoked, $"/api/client-tokens/{id}", "DELETE")).Is(200);
        var codes = await host.Client.StartAsync();
        foreach (var api in Apis)
        {
            var unknown = (await host.Client.WithBearerAsync("da_" + new string('a', 49), api)).Challenges("invalid_token");
            foreach (var other in (string[])[
                revoked,
                token[..^1],
                token + "A",
                token + "=",
                new string([.. token.Select(c => char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c))]),
                codes.DeviceCode,
                codes.UserCode,
            ])
            {
                var answer = (await host.Client.WithBearerAsync(other, api)).Challenges("invalid_token");
                Assert.Equal((unknown.Body, unknown.Header("WWW-Authenticate")), (answer.Body, answer.Header("WWW-Authenticate")));
            }

            (await host.Client.WithBearerAsync(token, api)).Is(200);
        }
    }

    [SkippableFact]
    [Trait("Row", "99")]
    public async Task A_token_anywhere_but_in_the_header_is_not_read()
    {
        var host = await store.MainAsync();
        var (token, _) = await host.PairAsync("alice", "me.read devices.read devices.write");
        foreach (var api in Apis)
        {
            (await host.Client.CallAsync("GET", $"{api}?access_token={token}")).Challenges();
        }

        (await host.Client.CallAsync("POST", "/api/devices", $"access_token={token}")).Challenges();
    }

    [SkippableTheory]
    [InlineData("100, at the host's API", "/api/platforms")]
    [InlineData("100, at the library's", "/api/devices")]
    public async Task Without_the_scope_a_valid_token_is_403(string row, string api)
    {
        _ = row;
        var host = await store.MainAsync();
        var (token, _) = await host.PairAsync("alice");
        var challenge = (await host.Client.WithBearerAsync(token, api)).Is(403).Header("WWW-Authenticate");
        Assert.StartsWith("Bearer realm=\"", challenge, StringComparison.Ordinal);
        Assert.Contains("error=\"insufficient_scope\"", challenge, StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Row", "101")]
    public async Task A_token_of_a_megabyte_is_refused()
    {
        var host = await store.MainAsync();
        (await host.Client.WithBearerAsync(new string('a', 20_000))).Challenges("invalid_token");
        var answer = await RawHttp.SendAsync(host, $"GET /api/users/me HTTP/1.1\r\nHost: {{host}}\r\nAuthorization: Bearer {new string('a', 1 << 20)}\r\n\r\n");
        Assert.Single(answer).Is(431);
    }

    [SkippableFact]
    [Trait("Row", "103")]
    public async Task The_token_of_a_deleted_device_is_refused()
    {
        var host = await store.MainAsync();
        var (token, deviceId) = await host.PairAsync("alice");
        (await (await host.SignInAsync("alice")).CallAsync("DELETE", $"/api/devices/{deviceId}")).Is(204);
        (await host.Client.WithBearerAsync(token)).Challenges("invalid_token");
    }
}

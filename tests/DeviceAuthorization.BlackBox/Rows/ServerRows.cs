namespace DeviceAuthorization.BlackBox;

/// <summary>Rows 104 to 110: REVOKE, META and INTROSPECT.</summary>
public abstract class ServerRows(Store store)
{
    private const string Revoke = Host.Auth + "/revoke";
    private const string Introspect = Host.Auth + "/introspect";
    private const string Metadata = "/.well-known/oauth-authorization-server";

    [SkippableTheory]
    [InlineData("104, no token", "client_id=handheld")]
    [InlineData("104, empty token", "client_id=handheld&token=")]
    [InlineData("104, token twice", "client_id=handheld&token=x&token=x")]
    public async Task Without_one_token_nothing_is_revoked(string row, string body)
    {
        _ = row;
        (await (await store.RegisteredAsync()).Client.CallAsync("POST", Revoke, body)).Refuses(400, "invalid_request");
    }

    [SkippableTheory]
    [InlineData("105, unknown", "da_QQ", "")]
    [InlineData("105, with a wrong hint", null, "&token_type_hint=refresh_token")]
    [InlineData("105, with a hint that is none", null, "&token_type_hint=nonsense")]
    public async Task Revoking_succeeds_whatever_is_known_of_the_token(string row, string? token, string more)
    {
        _ = row;
        var host = await store.RegisteredAsync();
        var own = token is null ? (await host.PairAsync("alice", clientId: "handheld")).Token : null;
        for (var i = 0; i < 2; i++) // the second time it is revoked already
        {
            (await host.Client.CallAsync("POST", Revoke, $"client_id=handheld&token={own ?? token}{more}")).Is(200).IsNotCached();
        }

        if (own is not null)
        {
            (await host.Client.WithBearerAsync(own)).Challenges("invalid_token");
        }
    }

    [SkippableFact]
    [Trait("Row", "106")]
    public async Task Another_client_s_token_is_not_revoked()
    {
        var host = await store.RegisteredAsync();
        var (token, _) = await host.PairAsync("alice", clientId: "handheld");
        (await host.Client.CallAsync("POST", Revoke, $"token={token}", headers: Clients.Tv)).Refuses(400, "invalid_grant", token);
        (await host.Client.CallAsync("POST", Revoke, $"client_id=tv-app&token={token}")).Refuses(400, "invalid_client", token);
        (await host.Client.WithBearerAsync(token)).Is(200);
    }

    [SkippableFact]
    [Trait("Row", "107")]
    public async Task A_POST_of_the_metadata_is_405()
    {
        var answer = await (await store.MainAsync()).Client.CallAsync("POST", Metadata, "x=1");
        Assert.Contains("GET", answer.Is(405).Header("Allow"), StringComparison.Ordinal);
    }

    [SkippableFact]
    [Trait("Row", "108")]
    public async Task The_Host_header_goes_into_no_metadata()
    {
        var host = await store.MainAsync();
        var own = (await host.Client.CallAsync("GET", Metadata)).Is(200);
        var other = (await host.Client.CallAsync("GET", Metadata, headers: [("Host", "evil.test"), ("X-Forwarded-Host", "evil.test")])).Is(200);
        Assert.Equal(own.Body, other.Body);
        Assert.StartsWith("https://", own.Text("issuer"), StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("109, nobody", null, "")]
    [InlineData("109, a public client", null, "&client_id=handheld")]
    [InlineData("109, a wrong secret", "wrong", "")]
    [InlineData("109, a bearer token", "bearer", "")]
    public async Task Who_may_not_introspect_is_told_nothing(string row, string? caller, string more)
    {
        _ = row;
        var host = await store.RegisteredAsync();
        var (token, _) = await host.PairAsync("alice", clientId: "handheld");
        (string, string)[] headers = caller switch
        {
            null => [],
            "wrong" => [Clients.Basic("library-api", "QQ")],
            _ => [("Authorization", "Bearer " + token)],
        };
        var answer = (await host.Client.CallAsync("POST", Introspect, $"token={token}{more}", headers: headers)).Is(401).IsNotCached();
        Assert.StartsWith("Basic realm=\"", answer.Header("WWW-Authenticate"), StringComparison.Ordinal);
        Assert.DoesNotContain("active", answer.Body, StringComparison.Ordinal);
    }

    [SkippableTheory]
    [InlineData("110, unknown")]
    [InlineData("110, no token at all")]
    [InlineData("110, revoked")]
    public async Task Of_a_token_that_is_not_active_nothing_else_is_said(string row)
    {
        // An expired one: the introspection's own tests, in process.
        var host = await store.RegisteredAsync();
        var (token, _) = await host.PairAsync("alice", clientId: "handheld");
        Assert.True((await IntrospectAsync(token)).Is(200).Json.GetProperty("active").GetBoolean());
        if (row == "110, revoked")
        {
            (await host.Client.CallAsync("POST", Revoke, $"client_id=handheld&token={token}")).Is(200);
        }

        var other = row switch { "110, unknown" => "da_" + new string('a', 49), "110, no token at all" => "x", _ => token };
        Assert.Equal("""{"active":false}""", (await IntrospectAsync(other)).Is(200).IsNotCached().Body);

        Task<Answer> IntrospectAsync(string asked) => host.Client.CallAsync("POST", Introspect, $"token={asked}", headers: Clients.Api);
    }
}

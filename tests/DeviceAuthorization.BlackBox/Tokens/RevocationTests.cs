namespace DeviceAuthorization.BlackBox;

/// <summary>Which tokens a client can revoke (rows 104 to 106).</summary>
public abstract class RevocationTests(Store store)
{
    private const string Revoke = Host.Auth + "/revoke";

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
}

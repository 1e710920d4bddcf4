namespace DeviceAuthorization.BlackBox;

/// <summary>What an introspection says, and to which clients (rows 109 and 110).</summary>
public abstract class IntrospectionTests(Store store)
{
    private const string Revoke = Host.Auth + "/revoke";
    private const string Introspect = Host.Auth + "/introspect";

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

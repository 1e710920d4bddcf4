using System.Text;

namespace DeviceAuthorization.BlackBox;

/// <summary>The clients of <see cref="Store.RegisteredAsync"/>.</summary>
internal static class Clients
{
    public const string TvSecret = "tv-app-has-this-secret-of-forty-letters!";
    public const string ApiSecret = "library-api-has-this-one-of-forty-lette!";

    public static (string, string) Tv => Basic("tv-app", TvSecret);

    public static (string, string) Api => Basic("library-api", ApiSecret);

    public static (string Name, string Value) Basic(string id, string secret) =>
        ("Authorization", "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes($"{id}:{Uri.EscapeDataString(secret)}")));
}

/// <summary>A host with registered clients (rows 15, 25, 31, 33, 34, 36 and 59): <c>handheld</c> is public, <c>tv-app</c> has a secret.</summary>
public abstract class RegisteredClientTests(Store store)
{
    private const string Grant = "grant_type=urn:ietf:params:oauth:grant-type:device_code";

    public static TheoryData<string, string?, string, int, string> Cases => new()
    {
        { "15, unknown client", null, "client_id=QQ", 400, "invalid_client" },
        { "15, another case", null, "client_id=Handheld", 400, "invalid_client" },
        { "31, Basic with a wrong secret", Clients.Basic("tv-app", "QQ").Value, "", 401, "invalid_client" },
        { "31, Basic with a blank secret", Clients.Basic("tv-app", "").Value, "", 401, "invalid_client" },
        { "31, Basic of an unknown client", Clients.Basic("QQ", "QQ").Value, "", 401, "invalid_client" },
        { "31, Basic with a secret for a client that has none", Clients.Basic("handheld", "QQ").Value, "", 401, "invalid_client" },
        { "33, Basic and a secret in the body", Clients.Tv.Item2, "client_secret=" + Clients.TvSecret, 400, "invalid_request" },
        { "34, Basic and another client in the body", Clients.Tv.Item2, "client_id=handheld", 400, "invalid_request" },
        { "36, no secret", null, "client_id=tv-app", 400, "invalid_client" },
        { "36, a wrong secret in the body", null, "client_id=tv-app&client_secret=QQ", 400, "invalid_client" },
        { "36, a secret for a client that has none", null, "client_id=handheld&client_secret=QQ", 400, "invalid_client" },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task A_client_that_is_not_authenticated_starts_nothing(string row, string? authorization, string body, int status, string error)
    {
        _ = row;
        var host = await store.RegisteredAsync();
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];
        var answer = await host.Client.CallAsync("POST", Host.Init, body, headers: headers);
        answer.Refuses(status, error, "QQ", Clients.TvSecret);
        Assert.Equal(status == 401, answer.Header("WWW-Authenticate")?.StartsWith("Basic realm=\"", StringComparison.Ordinal) ?? false);
    }

    [SkippableFact]
    [Trait("Row", "15")]
    public async Task In_JSON_an_unknown_client_is_refused_too()
    {
        var host = await store.RegisteredAsync();
        var answer = await host.Client.PostJsonAsync(
            Host.Init, """{"client_device_identifier":"i","name":"n","client":"QQ","requested_scopes":["me.read"]}""");
        Assert.Equal("invalid_client", answer.Refuses(400, "invalid_client", "QQ").Text("detail"));
    }

    [SkippableFact]
    [Trait("Row", "25")]
    public async Task A_scope_that_is_not_for_the_client_is_refused()
    {
        var host = await store.RegisteredAsync();
        (await host.Client.CallAsync("POST", Host.Init, "client_id=handheld&scope=me.write")).Refuses(400, "invalid_scope");
        await host.Client.StartAsync("me.read", "handheld");
    }

    [SkippableTheory]
    [InlineData("59, no secret", "&client_id=tv-app", null, 400)]
    [InlineData("59, a wrong secret", "&client_id=tv-app&client_secret=QQ", null, 400)]
    [InlineData("59, Basic with a wrong secret", "", "QQ", 401)]
    public async Task A_poll_without_the_client_s_secret_neither_consumes_nor_paces(string row, string body, string? secret, int status)
    {
        _ = row;
        var host = await store.RegisteredAsync();
        var device = host.Client;
        var started = (await device.CallAsync("POST", Host.Init, "scope=me.read", headers: Clients.Tv)).Is(200);
        var codes = new Codes(started.Text("device_code")!, started.Text("user_code")!, "tv-app");
        (string, string)[] wrong = secret is null ? [] : [Clients.Basic("tv-app", secret)];
        Task<Answer> PollAsync(params (string, string)[] headers) =>
            device.CallAsync("POST", Host.Token, $"{Grant}&device_code={codes.DeviceCode}{(headers == wrong ? body : "")}", headers: headers);

        (await PollAsync(wrong)).Refuses(status, "invalid_client", codes.DeviceCode, "QQ");
        (await PollAsync(Clients.Tv)).Refuses(400, "authorization_pending");
        (await (await host.SignInAsync("alice")).ApproveAsync(codes)).Is(200);
        (await PollAsync(wrong)).Refuses(status, "invalid_client", codes.DeviceCode, "QQ");
        (await PollAsync(Clients.Tv)).Is(200);
    }
}

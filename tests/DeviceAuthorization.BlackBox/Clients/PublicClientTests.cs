using System.Text;

namespace DeviceAuthorization.BlackBox;

/// <summary>How a public client names itself when it starts and when it polls (rows 31 to 34, 58 and 74).</summary>
public abstract class PublicClientTests(Store store)
{
    public static TheoryData<string, string?, string, int, string> Cases => new()
    {
        { "31, Basic with a secret that is none", Basic("tv:wrong"), "", 401, "invalid_client" },
        { "32, Basic without a colon", Basic("tv"), "", 401, "invalid_client" },
        { "32, Basic without a client", Basic(":"), "", 401, "invalid_client" },
        { "32, Basic that is not base64", "Basic !!!", "", 401, "invalid_client" },
        { "32, Basic alone", "Basic", "", 401, "invalid_client" },
        { "33, Basic and a secret in the body", Basic("tv:"), "client_secret=QQ", 400, "invalid_request" },
        { "34, Basic and another client in the body", Basic("tv:"), "client_id=b", 400, "invalid_request" },
        { "58, no client", null, "", 400, "invalid_request" },
        { "74, Bearer", "Bearer QQ", "client_id=tv", 401, "invalid_client" },
        { "74, a scheme nobody has", "Negotiate QQ", "client_id=tv", 401, "invalid_client" },
    };

    [SkippableTheory]
    [MemberData(nameof(Cases))]
    public async Task A_client_names_itself_in_one_way(string row, string? authorization, string body, int status, string error)
    {
        _ = row;
        var device = (await store.MainAsync()).Client;
        var codes = await device.StartAsync();
        (string, string)[] headers = authorization is null ? [] : [("Authorization", authorization)];
        var start = await device.CallAsync("POST", Host.Init, body, headers: headers);
        var poll = await device.CallAsync(
            "POST", Host.Token, $"grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={codes.DeviceCode}&{body}", headers: headers);
        foreach (var answer in (Answer[])[start, poll])
        {
            answer.Refuses(status, error, codes.DeviceCode, "QQ");
            Assert.Equal(status == 401, answer.Header("WWW-Authenticate")?.StartsWith("Basic realm=\"", StringComparison.Ordinal) ?? false);
        }

        Assert.Equal("authorization_pending", await device.StateAsync(codes)); // it was not paced either
    }

    [SkippableFact]
    [Trait("Row", "31")]
    public async Task A_blank_password_names_a_public_client()
    {
        var device = (await store.MainAsync()).Client;
        (await device.CallAsync("POST", Host.Init, "", headers: ("Authorization", Basic("tv:")))).Is(200);
    }

    private static string Basic(string credentials) => "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials));
}

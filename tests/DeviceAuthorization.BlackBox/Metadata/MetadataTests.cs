namespace DeviceAuthorization.BlackBox;

/// <summary>The metadata document of the server (rows 107 and 108).</summary>
public abstract class MetadataTests(Store store)
{
    private const string Metadata = "/.well-known/oauth-authorization-server";

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
}

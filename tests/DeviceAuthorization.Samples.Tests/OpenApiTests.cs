using static DeviceAuthorization.TestKit.Verifier;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>What OpenAPI says of the library's endpoints, to the letter.</summary>
public sealed class OpenApiTests
{
    [Fact]
    public async Task The_document()
    {
        await using var host = new PairingHostServer();
        var document = await host.CreateClient().GetStringAsync("/openapi/v1.json");
        await Verify(document, "json");
    }
}

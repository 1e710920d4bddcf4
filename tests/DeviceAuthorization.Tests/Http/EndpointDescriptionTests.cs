using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Devices;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Http.Tokens;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Options;
using static DeviceAuthorization.TestKit.Verifier;

namespace DeviceAuthorization.Tests;

/// <summary>
/// Every endpoint says what it takes and gives. <see cref="TestHost"/> adds to this: in no test may an endpoint answer with a status that
/// its description lacks. What OpenAPI makes of it: OpenApiTests of the samples.
/// </summary>
public sealed class EndpointDescriptionTests
{
    [Fact]
    public async Task Every_endpoint_is_described_with_its_answers()
    {
        await using var host = await TestHost.StartAsync(map: EveryEndpoint.Map);
        var endpoints = host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<IExcludeFromDescriptionMetadata>() is null && IsOurs(endpoint)).ToArray();
        Assert.Empty(endpoints.Where(endpoint => endpoint.Metadata.GetMetadata<EndpointDescription>() is null).Select(endpoint => endpoint.DisplayName));
        await Verify(string.Join('\n', endpoints.Select(endpoint => (
            Method: endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods[0],
            Path: endpoint.RoutePattern.RawText,
            Description: endpoint.Metadata.GetRequiredMetadata<EndpointDescription>()))
            .Select(api => $"{api.Method} {api.Path}: {string.Join(' ', api.Description.Answers.Select(answer => answer.Status))}")));
    }

    [Fact]
    public async Task Every_method_but_HEAD_is_in_a_document_once()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddEndpointsApiExplorer(), map: EveryEndpoint.Map);
        var described = host.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items
            .SelectMany(group => group.Items).Select(api => $"{api.HttpMethod} /{api.RelativePath}").ToArray();
        Assert.Contains("GET /api/devices/{id}", described, StringComparer.Ordinal);
        Assert.DoesNotContain(described, api => api.StartsWith("HEAD", StringComparison.Ordinal));
        Assert.Equal(described.Distinct(StringComparer.Ordinal), described, StringComparer.Ordinal);
    }

    /// <summary>As in a host under Native AOT: OpenAPI asks the host's JSON options for the described types.</summary>
    [Fact]
    public async Task A_host_without_reflection_can_describe_every_body()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolver = JsonTypeInfoResolver.Combine()),
            map: EveryEndpoint.Map);
        var json = host.Services.GetRequiredService<IOptions<JsonOptions>>().Value.SerializerOptions;
        var bodies = host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<EndpointDescription>()).OfType<EndpointDescription>()
            .SelectMany(description => description.Answers.Select(answer => answer.Body).Append(description.Body)).OfType<Type>().Distinct().ToArray();
        Assert.Contains(typeof(DeviceRegistration), bodies);
        Assert.Empty(bodies.Where(body => !json.TryGetTypeInfo(body, out _)).Select(body => body.Name));
    }

    [Fact]
    public void Every_error_code_is_described_where_devices_ask()
    {
        var words = string.Concat(new[] { FlowDescriptions.Start, FlowDescriptions.Poll }.SelectMany(description => description.Answers).Select(answer => answer.Words));
        Assert.All(Enum.GetValues<PairingError>(), error => Assert.Contains($"`{error.ToWire()}`", words, StringComparison.Ordinal));
    }

    [Fact]
    public void No_endpoint_describes_a_status_twice() => Assert.Empty(
        from type in new[] { typeof(FlowDescriptions), typeof(TokenDescriptions), typeof(DeviceDescriptions) }
        from field in type.GetFields(BindingFlags.Public | BindingFlags.Static)
        let description = field.GetValue(null) as EndpointDescription
        where description?.Answers.DistinctBy(answer => answer.Status).Count() != description?.Answers.Count
        select field.Name);

    [Theory]
    [InlineData(typeof(RomMPaired), typeof(OAuthPaired), typeof(RomMPaired))]
    [InlineData(typeof(OAuthStarted), typeof(RomMStarted))]
    public void A_described_body_has_the_members_of_the_wire(Type described, params Type[] wire) =>
        Assert.Equal(Members(wire), Members(described));

    [Fact]
    public void A_described_form_has_the_parameters_that_are_read() => Assert.Equal(
        new SortedSet<string>([.. FormDialect.Known, "client", "requested_scopes"], StringComparer.Ordinal),
        Members(typeof(PairingStart), typeof(PairingPoll)));

    [Fact]
    public void Described_members_of_a_device_are_read() => Assert.All(Members(typeof(DeviceProperties)), member =>
    {
        using var wrong = JsonDocument.Parse($$"""{"{{member}}": 7}""");
        Assert.False(DeviceChange.TryRead(wrong.RootElement, SecretKeys.Default, out _, out _), member);
    });

    private static SortedSet<string> Members(params Type[] types) => new(
        types.SelectMany(type => type.GetProperties()).Select(property => property.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name).OfType<string>(),
        StringComparer.Ordinal);

    /// <summary>The host's own are under /api/library, /api/admin and /test.</summary>
    private static bool IsOurs(RouteEndpoint endpoint) =>
        new[] { Wire.Prefix, "/api/devices", "/api/client-tokens", "/.well-known" }.Any(prefix => endpoint.RoutePattern.RawText!.StartsWith(prefix, StringComparison.Ordinal));
}

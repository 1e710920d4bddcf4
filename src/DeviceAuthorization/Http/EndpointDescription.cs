using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace DeviceAuthorization.Http;

/// <summary>
/// What an endpoint takes and gives, for people: hosts that call <c>AddOpenApi()</c> have it in their document, and the metadata names the
/// endpoint. It never routes: media types that ASP.NET Core knew of (<c>Accepts</c>) it would refuse by itself, 415, before our own answer.
/// There is no name, which would clash when a host maps the endpoints twice.
/// </summary>
internal sealed record EndpointDescription(string Tag, string Summary, string Description)
    : IEndpointSummaryMetadata, IEndpointDescriptionMetadata, ITagsMetadata
{
    public required IReadOnlyList<DescribedAnswer> Answers { get; init; }

    /// <summary>The shape of the body; null when there is none.</summary>
    public Type? Body { get; init; }

    /// <summary>The media types that it can have.</summary>
    public IReadOnlyList<string> MediaTypes { get; init; } = [RequestBody.Json];

    /// <summary>What RFC 8414 §2 calls the endpoint; null when nothing.</summary>
    public string? MetadataMember { get; init; }

    public IReadOnlyList<string> Tags { get; } = [Tag];
}

/// <summary>One status that an endpoint answers with.</summary>
/// <param name="Status">The status.</param>
/// <param name="Body">The shape of its JSON; null when there is no body.</param>
/// <param name="Words">When, and every error code that it can carry.</param>
internal sealed record DescribedAnswer(int Status, Type? Body, string Words);

/// <summary>Tells it to ASP.NET Core's API explorer, which OpenAPI documents are made from.</summary>
internal sealed class DescribedEndpoints : IApiDescriptionProvider
{
    /// <summary>After the framework's own, which knows the routes and their parameters.</summary>
    public int Order => 0;

    public void OnProvidersExecuting(ApiDescriptionProviderContext context)
    {
        foreach (var api in context.Results.ToArray())
        {
            if (api.ActionDescriptor.EndpointMetadata.OfType<EndpointDescription>().FirstOrDefault() is not { } description)
            {
                continue;
            }

            if (api.HttpMethod == HttpMethods.Head) // GET implies it
            {
                context.Results.Remove(api);
            }
            else
            {
                Describe(api, description);
            }
        }
    }

    public void OnProvidersExecuted(ApiDescriptionProviderContext context)
    {
    }

    private static void Describe(ApiDescription api, EndpointDescription description)
    {
        if (description.Body is { } body)
        {
            api.ParameterDescriptions.Add(new() { Name = "body", Source = BindingSource.Body, Type = body, IsRequired = true });
            foreach (var mediaType in description.MediaTypes)
            {
                api.SupportedRequestFormats.Add(new() { MediaType = mediaType });
            }
        }

        api.SupportedResponseTypes.Clear();
        foreach (var answer in description.Answers)
        {
            var response = new ApiResponseType { StatusCode = answer.Status, Type = answer.Body ?? typeof(void), Description = answer.Words };
            if (answer.Body is not null)
            {
                response.ApiResponseFormats.Add(new() { MediaType = RequestBody.Json });
            }

            api.SupportedResponseTypes.Add(response);
        }
    }
}

/// <summary>Puts a description on an endpoint.</summary>
internal static class EndpointDescriptionExtensions
{
    public static void Describe(this IEndpointConventionBuilder endpoint, EndpointDescription description) => endpoint.WithMetadata(description);
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Mvc.ApiExplorer;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace DeviceAuthorization.Http;

/// <summary>
/// Describes an endpoint's request and answers: for OpenAPI documents, if the host calls <c>AddOpenApi()</c>, and for the RFC 8414 metadata. Never
/// affects routing: with <c>Accepts</c> metadata, ASP.NET Core would answer 415 before this library can. Has no endpoint name, because names would
/// clash if a host maps the endpoints twice.
/// </summary>
internal sealed record EndpointDescription(string Tag, string Summary, string Description)
    : IEndpointSummaryMetadata, IEndpointDescriptionMetadata, ITagsMetadata
{
    public required IReadOnlyList<DescribedAnswer> Answers { get; init; }

    /// <summary>The type of the request body; null if there is none.</summary>
    public Type? Body { get; init; }

    /// <summary>The media types of the request body.</summary>
    public IReadOnlyList<string> MediaTypes { get; init; } = [RequestBody.Json];

    /// <summary>The name of the endpoint in the metadata (RFC 8414 §2); null if it has none.</summary>
    public string? MetadataMember { get; init; }

    public IReadOnlyList<string> Tags { get; } = [Tag];
}

/// <summary>An answer of an endpoint.</summary>
/// <param name="Body">The type of the JSON body; null if there is none.</param>
/// <param name="Words">When the endpoint answers so, with every error code that the body can have.</param>
internal sealed record DescribedAnswer(int Status, Type? Body, string Words);

/// <summary>Gives the descriptions to ASP.NET Core's API explorer, from which OpenAPI documents are made.</summary>
internal sealed class DescribedEndpoints : IApiDescriptionProvider
{
    /// <summary>Runs after the framework's own provider, which finds the routes and their parameters.</summary>
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

/// <summary>Adds a description to an endpoint.</summary>
internal static class EndpointDescriptionExtensions
{
    public static void Describe(this IEndpointConventionBuilder endpoint, EndpointDescription description) => endpoint.WithMetadata(description);
}

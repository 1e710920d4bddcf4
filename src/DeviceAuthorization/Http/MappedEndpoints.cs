using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Template;
using Microsoft.Extensions.Primitives;

namespace DeviceAuthorization.Http;

/// <summary>Finds this library's endpoints among the host's. Reads the host's endpoints once, and again when they change.</summary>
internal sealed class MappedEndpoints(EndpointDataSource endpoints)
{
    private Mapped? _mapped;

    /// <summary>
    /// The path of the page where people enter codes, below the path base; null if it is not mapped. If it is mapped twice, the first path.
    /// </summary>
    public string? PairingPage => Now().PairingPage;

    /// <summary>The same, for the page of devices.</summary>
    public string? DevicesPage => Now().DevicesPage;

    public bool HasMetadata => Now().HasMetadata;

    /// <summary>Every endpoint of this library.</summary>
    public IReadOnlyList<RouteEndpoint> Own => Now().Own;

    /// <summary>
    /// The endpoint of this library that a request is for. Before routing has run, the end of the path decides, because the path base is not split
    /// off yet.
    /// </summary>
    public RouteEndpoint? Find(HttpContext context)
    {
        if (context.GetEndpoint() is { } routed)
        {
            return routed.Metadata.GetMetadata<OwnEndpoint>() is null ? null : routed as RouteEndpoint;
        }

        return AtEndOf(context.Request.Path);
    }

    /// <summary>
    /// The endpoint of this library whose route matches the longest end of a path, for any method. Tries only as many slashes as our routes have, and
    /// one at the end, because anyone can send thousands.
    /// </summary>
    public RouteEndpoint? AtEndOf(PathString path)
    {
        var (text, mapped) = (path.Value ?? "", Now());
        var (start, found) = (text.Length, (RouteEndpoint?)null);
        for (var slashes = 0; slashes <= mapped.MostSegments && start > 0; slashes++)
        {
            start = text.LastIndexOf('/', start - 1);
            found = start >= 0 ? At(text[start..]) ?? found : found;
        }

        return found;
    }

    /// <summary>The endpoint of this library at a path, for any method.</summary>
    public RouteEndpoint? At(PathString path) => Array.Find(Now().Routes, route => route.Matcher.TryMatch(path, [])).Endpoint;

    /// <summary>Whether the host has an endpoint of its own at a path.</summary>
    public bool IsServedByHost(string path) => endpoints.Endpoints.OfType<RouteEndpoint>()
        .Any(endpoint => endpoint.Metadata.GetMetadata<OwnEndpoint>() is null && Matcher(endpoint).TryMatch(path, []));

    private static TemplateMatcher Matcher(RouteEndpoint endpoint) => new(new RouteTemplate(endpoint.RoutePattern), []);

    private Mapped Now()
    {
        if (_mapped is not { Token.HasChanged: false } mapped)
        {
            var token = endpoints.GetChangeToken(); // taken first, so that a change in between is detected
            mapped = new Mapped(token, [.. endpoints.Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<OwnEndpoint>() is not null)]);
            _mapped = mapped;
        }

        return mapped;
    }

    private sealed record Mapped(IChangeToken Token, RouteEndpoint[] Own)
    {
        public string? PairingPage { get; } = Page(Own, EndpointRole.PairingPage);

        public string? DevicesPage { get; } = Page(Own, EndpointRole.DevicesPage);

        /// <summary>One endpoint for each route.</summary>
        public (TemplateMatcher Matcher, RouteEndpoint Endpoint)[] Routes { get; } =
            [.. Own.DistinctBy(endpoint => endpoint.RoutePattern.RawText, StringComparer.Ordinal).Select(endpoint => (Matcher(endpoint), endpoint))];

        public int MostSegments { get; } = Own.Select(endpoint => endpoint.RoutePattern.PathSegments.Count).DefaultIfEmpty().Max();

        public bool HasMetadata { get; } = Roles(Own).Any(own => own.Role == EndpointRole.Metadata);

        private static string? Page(RouteEndpoint[] own, EndpointRole role) => Roles(own).FirstOrDefault(endpoint => endpoint.Role == role)?.Page;

        private static IEnumerable<OwnEndpoint> Roles(RouteEndpoint[] own) => own.Select(endpoint => endpoint.Metadata.GetRequiredMetadata<OwnEndpoint>());
    }
}

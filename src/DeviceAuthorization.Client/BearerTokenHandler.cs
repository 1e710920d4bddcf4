using System.Net;
using System.Net.Http.Headers;

namespace DeviceAuthorization.Client;

/// <summary>
/// Adds the token to requests below one address, and to no others: the token never reaches another host, also not by a redirect. A request that has an
/// <c>Authorization</c> already keeps it. Like every <see cref="DelegatingHandler"/> it needs an inner handler; <c>IHttpClientFactory</c> sets one:
/// <code>
/// var api = new HttpClient(new BearerTokenHandler(new Uri("https://example.org/api/"), token) { InnerHandler = new HttpClientHandler() });
/// </code>
/// </summary>
public sealed class BearerTokenHandler : DelegatingHandler
{
    private readonly Uri _baseAddress;
    private readonly IssuedToken _token;
    private readonly AuthenticationHeaderValue _authorization;
    private readonly Func<IssuedToken, CancellationToken, Task>? _rejected;
    private int _isRejected;

    /// <summary>Creates the handler.</summary>
    /// <param name="baseAddress">The API, such as <c>https://example.org/api/</c>. Scheme, host, port and whole segments of the path must match.</param>
    /// <param name="token">The token.</param>
    /// <param name="rejected">
    /// Called once, when the API first answers 401 to the token: it was revoked, or is over. Delete the token and pair again. The request is not repeated.
    /// A 403 is not an end: the token is valid, but lacks a scope.
    /// </param>
    /// <exception cref="ArgumentException">The address is not absolute, or has no http(s); or the token is no bearer token.</exception>
    public BearerTokenHandler(Uri baseAddress, IssuedToken token, Func<IssuedToken, CancellationToken, Task>? rejected = null)
    {
        _baseAddress = baseAddress is { IsAbsoluteUri: true, Scheme: "http" or "https" }
            ? baseAddress
            : throw new ArgumentException("The base address must be an absolute http(s) address.", nameof(baseAddress));
        _token = token ?? throw new ArgumentNullException(nameof(token));
        _authorization = token.TokenType.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
            && AuthenticationHeaderValue.TryParse($"Bearer {token.AccessToken}", out var authorization)
                ? authorization
                : throw new ArgumentException("The token is no bearer token.", nameof(token));
        _rejected = rejected;
    }

    /// <summary>
    /// Allows a base address with plain HTTP to another machine. Off by default: such a request is an <see cref="InvalidOperationException"/>, because anyone
    /// on the way can read and keep the token.
    /// </summary>
    public bool AllowHttp { get; set; }

    /// <inheritdoc/>
    /// <exception cref="InvalidOperationException">The token would travel over plain HTTP. See <see cref="AllowHttp"/>.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request.RequestUri;
        if (request.Headers.Authorization is not null || asked is not { IsAbsoluteUri: true } || !IsBelow(asked))
        {
            return await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }

        if (ServerEndpoints.ProblemOf(asked, AllowHttp) is { } problem)
        {
            throw new InvalidOperationException(problem);
        }

        request.Headers.Authorization = _authorization;
        HttpResponseMessage response;
        try
        {
            response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            request.Headers.Authorization = null; // the caller may send the message again, and to another host
        }

        if (response.StatusCode == HttpStatusCode.Unauthorized
            && _rejected is not null
            && (response.RequestMessage?.RequestUri ?? asked) == asked // after a redirect the token was not sent along
            && Interlocked.Exchange(ref _isRejected, 1) == 0)
        {
            await _rejected(_token, cancellationToken).ConfigureAwait(false);
        }

        return response;
    }

    private bool IsBelow(Uri address)
    {
        if (Uri.Compare(address, _baseAddress, UriComponents.SchemeAndServer, UriFormat.UriEscaped, StringComparison.OrdinalIgnoreCase) != 0)
        {
            return false;
        }

        var (path, root) = (address.AbsolutePath, _baseAddress.AbsolutePath.TrimEnd('/'));
        return path.StartsWith(root, StringComparison.Ordinal) && (path.Length == root.Length || path[root.Length] == '/');
    }
}

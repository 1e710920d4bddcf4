namespace DeviceAuthorization.Client;

/// <summary>A pairing could not start, or ended without a token.</summary>
public sealed class PairingException : Exception
{
    internal PairingException(string message, string? error = null, string? description = null)
        : base(message) => (Error, Description) = (error, description);

    /// <summary>
    /// The error of RFC 6749 §5.2 or RFC 8628 §3.5, such as <c>access_denied</c>, <c>expired_token</c> or <c>invalid_client</c>; <c>invalid_response</c> if
    /// the server answered a poll with something else. Null if a start got no answer of the protocol.
    /// </summary>
    public string? Error { get; }

    /// <summary>The server's explanation for developers, without control characters. Null if it gave none.</summary>
    public string? Description { get; }

    /// <summary>Whether the same start may succeed later: no network, no answer in time, too many requests, or an error of the server.</summary>
    public bool IsTransient { get; internal set; }

    /// <summary>How long the server asks the app to wait before it tries again (<c>Retry-After</c>), at most a day. Zero if it does not say.</summary>
    public TimeSpan RetryAfter { get; internal set; }
}

using System.Net;

namespace DeviceAuthorization;

/// <summary>
/// Which access to revoke: what devices obtained by pairing in a span of time, from one network, by one client, or both. A phishing campaign
/// obtains its tokens so. At least one of <see cref="ClientId"/> and <see cref="Network"/> is required.
/// </summary>
public sealed record ObtainedAccess
{
    /// <summary>The first moment at which a token may have been issued.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The moment from which on a token is too new; later than <see cref="From"/>.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>The client that asked (<see cref="AccessToken.ClientId"/>), compared by ordinal; <see langword="null"/> for any.</summary>
    public string? ClientId { get; init; }

    /// <summary>
    /// The network that the pairing was started from (<see cref="AccessToken.StartedFrom"/>), such as <c>203.0.113.0/24</c>, or
    /// <c>203.0.113.7/32</c> for one address; <see langword="null"/> for any. Tokens without a known address are not in any network.
    /// </summary>
    public IPNetwork? Network { get; init; }

    /// <summary>Does not show the network: it may be a person's address.</summary>
    public override string ToString() => $"ObtainedAccess {{ From = {From:O}, To = {To:O}, ClientId = {ClientId} }}";
}

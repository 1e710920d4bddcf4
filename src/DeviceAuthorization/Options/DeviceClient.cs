using System.Text.Json.Serialization;

namespace DeviceAuthorization;

/// <summary>
/// A client that the host knows by its <c>client_id</c>, a key of <see cref="DeviceAuthorizationOptions.Clients"/>. A client that is installed
/// on devices is public: give it no secret, because anyone who has the client can read it (RFC 8628 §5.6).
/// </summary>
public sealed class DeviceClient
{
    /// <summary>The name that people see; plain text.</summary>
    /// <value>Its id by default; 1 to 64 visible characters, without control and bidirectional characters.</value>
    public string? DisplayName { get; set; }

    /// <summary>The path of a picture on this host, below its path base, such as <c>/apps/tv.svg</c>. Pages show it beside the name.</summary>
    /// <value>None by default.</value>
    public string? LogoPath { get; set; }

    /// <summary>The scopes that it may request. If it requests none, it gets those that <see cref="DeviceAuthorizationOptions.DefaultScopes"/> also has.</summary>
    /// <value>All of <see cref="DeviceAuthorizationOptions.Scopes"/> by default (<see langword="null"/>).</value>
    public IList<string>? AllowedScopes { get; set; }

    /// <summary>How long its pairings may stay unanswered.</summary>
    /// <value><see cref="DeviceAuthorizationOptions.PairingLifetime"/> by default; from 1 to 30 minutes, whole seconds.</value>
    public TimeSpan? PairingLifetime { get; set; }

    /// <summary>
    /// Whether the device gets a link that contains the code. If not, people type the code: the page refuses a code from a link, so that nobody
    /// can be tricked into approving with one click. A page of your own must refuse it itself.
    /// </summary>
    /// <value>By default (<see langword="null"/>) yes, but no with <see cref="SecurityLevel.Strict"/>.</value>
    public bool? AllowLink { get; set; }

    /// <summary>
    /// The secret with which a confidential client authenticates at every endpoint that it calls. Make it random, for example with
    /// <c>openssl rand -hex 32</c>: letters and digits need no encoding in HTTP Basic. Keep it where the host keeps its passwords.
    /// </summary>
    /// <value>None by default: a public client. 22 to 256 printable ASCII characters; 22 hold 128 random bits in base64.</value>
    [JsonIgnore]
    public string? Secret { get; set; }

    /// <summary>Whether it may ask what a token is (RFC 7662), as an API that devices call does. Requires a <see cref="Secret"/>.</summary>
    /// <value><see langword="false"/> by default.</value>
    public bool MayIntrospect { get; set; }

    /// <summary>Does not show the secret.</summary>
    public override string ToString() => $"DeviceClient {{ DisplayName = {DisplayName}, Secret = {(Secret is null ? "none" : "***")} }}";
}

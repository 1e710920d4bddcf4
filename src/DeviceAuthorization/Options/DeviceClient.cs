using System.Text.Json.Serialization;

namespace DeviceAuthorization;

/// <summary>
/// An app that the host knows, by its <c>client_id</c>: a key of <see cref="DeviceAuthorizationOptions.Clients"/>. Apps that are installed
/// on devices are public: whoever has one can read a secret out of it (RFC 8628 §5.6), so do not put one there.
/// </summary>
public sealed class DeviceClient
{
    /// <summary>What people see the app called, plain text.</summary>
    /// <value>Its id by default; 1 to 64 visible characters, no control or bidirectional ones.</value>
    public string? DisplayName { get; set; }

    /// <summary>The path of a picture on this host, below its path base, such as <c>/apps/tv.svg</c>, shown beside the name.</summary>
    /// <value>None by default.</value>
    public string? LogoPath { get; set; }

    /// <summary>The scopes that it may ask for; when it asks for none, those of <see cref="DeviceAuthorizationOptions.DefaultScopes"/> among them.</summary>
    /// <value>All of <see cref="DeviceAuthorizationOptions.Scopes"/> by default (<see langword="null"/>).</value>
    public IList<string>? AllowedScopes { get; set; }

    /// <summary>How long its pairings may stay unanswered.</summary>
    /// <value><see cref="DeviceAuthorizationOptions.PairingLifetime"/> by default; from 1 to 30 minutes, whole seconds.</value>
    public TimeSpan? PairingLifetime { get; set; }

    /// <summary>
    /// Whether it gets a link that has the code in it. Without one, people type the code: the page refuses a code that a link brought, so
    /// nobody can be sent to approve with a click. A page of your own must see to that itself.
    /// </summary>
    /// <value><see langword="true"/> by default.</value>
    public bool AllowLink { get; set; } = true;

    /// <summary>
    /// What a confidential client authenticates itself with, at every endpoint that it calls. Random, such as that of
    /// <c>openssl rand -hex 32</c>: letters and digits need no encoding in HTTP Basic. Keep it where the host keeps its passwords.
    /// </summary>
    /// <value>None by default: a public client. 22 to 256 printable ASCII characters, which 128 random bits have in base64.</value>
    [JsonIgnore]
    public string? Secret { get; set; }

    /// <summary>Whether it may ask what a token is (RFC 7662): for an API that devices call. Needs a <see cref="Secret"/>.</summary>
    /// <value><see langword="false"/> by default.</value>
    public bool MayIntrospect { get; set; }

    /// <summary>Never the secret.</summary>
    public override string ToString() => $"DeviceClient {{ DisplayName = {DisplayName}, Secret = {(Secret is null ? "none" : "***")} }}";
}

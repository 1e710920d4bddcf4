namespace DeviceAuthorization.Client;

/// <summary>Which server a <see cref="PairingClient"/> pairs with, and as what. The client copies it: later changes have no effect.</summary>
public sealed class PairingClientOptions
{
    /// <summary>
    /// The server's issuer, such as <c>https://example.org</c>. The endpoints come from its metadata: RFC 8414's document first, then OpenID Connect's.
    /// Not needed if <see cref="DeviceAuthorizationEndpoint"/> and <see cref="TokenEndpoint"/> are set.
    /// </summary>
    public Uri? Server { get; set; }

    /// <summary>Where a pairing starts (RFC 8628 §3.1). Set it together with <see cref="TokenEndpoint"/>; then no metadata is read.</summary>
    public Uri? DeviceAuthorizationEndpoint { get; set; }

    /// <summary>Where the device polls (RFC 8628 §3.4). Set it together with <see cref="DeviceAuthorizationEndpoint"/>.</summary>
    public Uri? TokenEndpoint { get; set; }

    /// <summary>Where <see cref="DevicePairing.WithdrawAsync"/> withdraws a pairing (RFC 7009). Counts only with explicit endpoints. Null: nowhere.</summary>
    public Uri? RevocationEndpoint { get; set; }

    /// <summary>The id of the app (<c>client_id</c>). Required.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>The app's secret, for servers that give one to devices. It is sent in the form (<c>client_secret</c>). Null by default: a public client.</summary>
    public string? ClientSecret { get; set; }

    /// <summary>The requested scopes, separated by spaces. Null: the server's default.</summary>
    public string? Scope { get; set; }

    /// <summary>What the device says about itself. Nothing by default.</summary>
    public DeviceDescription Device { get; set; } = new();

    /// <summary>
    /// Whether the app shows <see cref="PairingProgress.ShowNumber"/>, so that the approver can compare a number (<c>number_matching</c>). Off by default.
    /// </summary>
    public bool CanShowNumber { get; set; }

    /// <summary>Further parameters of the start, such as <c>audience</c> or <c>resource</c>. None by default. They cannot replace the client's own.</summary>
    public IDictionary<string, string> Parameters { get; set; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How requests look. <see cref="PairingDialect.OAuth"/> by default.</summary>
    public PairingDialect Dialect { get; set; }

    /// <summary>
    /// Allows plain HTTP to other machines. Off by default, because anyone on the way can read and keep the token. HTTP to this machine (loopback) is always allowed.
    /// </summary>
    public bool AllowHttp { get; set; }

    /// <summary>
    /// How long a poll asks the server to hold its answer until the approver decides (<c>Prefer: wait</c>, RFC 7240). 25 seconds by default, whole seconds
    /// from 0 to 5 minutes; zero asks for nothing. Servers that do not know the header ignore it.
    /// </summary>
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>What is missing or wrong; null if nothing is.</summary>
    internal string? Problem() => this switch
    {
        { Device: null } => "Device must not be null.",
        { Parameters: null } => "Parameters must not be null.",
        { ClientId: null or "" } => "ClientId is required.",
        { DeviceAuthorizationEndpoint: null, TokenEndpoint: not null } or { DeviceAuthorizationEndpoint: not null, TokenEndpoint: null } =>
            "Set both DeviceAuthorizationEndpoint and TokenEndpoint, or neither.",
        { Server: null, TokenEndpoint: null } => "Set Server, or DeviceAuthorizationEndpoint and TokenEndpoint.",
        { Server.IsAbsoluteUri: true } when Server.Query.Length > 0 || Server.Fragment.Length > 0 => "Server must have no query and no fragment (RFC 8414 §2).",
        { Dialect: not (PairingDialect.OAuth or PairingDialect.RomM) } => $"Dialect {Dialect} is unknown.",
        { Dialect: PairingDialect.RomM } when string.IsNullOrWhiteSpace(Scope) || string.IsNullOrEmpty(Device.Name) || string.IsNullOrEmpty(Device.Identifier) =>
            "RomM requires Scope, Device.Name and Device.Identifier.",
        _ when MaxWait < TimeSpan.Zero || MaxWait > TimeSpan.FromMinutes(5) || MaxWait.Ticks % TimeSpan.TicksPerSecond != 0 =>
            "MaxWait must be whole seconds from 0 to 5 minutes.",
        _ => new[] { Server, DeviceAuthorizationEndpoint, TokenEndpoint, RevocationEndpoint }
            .Select(address => address is null ? null : ServerEndpoints.ProblemOf(address, AllowHttp))
            .FirstOrDefault(problem => problem is not null),
    };

    internal PairingClientOptions Copy()
    {
        var copy = (PairingClientOptions)MemberwiseClone();
        copy.Device = Device with { };
        copy.Parameters = new Dictionary<string, string>(Parameters, StringComparer.Ordinal);
        return copy;
    }
}

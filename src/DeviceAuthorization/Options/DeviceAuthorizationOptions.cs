using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization;

/// <summary>
/// Settings of the flow. Bound from the configuration section <c>DeviceAuthorization</c>, then from the delegate given to
/// <c>AddDeviceAuthorization</c>, and checked when the host starts.
/// </summary>
public sealed class DeviceAuthorizationOptions
{
    /// <summary>The configuration section these options are bound from.</summary>
    public const string SectionName = "DeviceAuthorization";

    /// <summary>
    /// The scopes the host knows, each with the words that tell a person what it allows. Names are scope tokens of RFC 6749 §3.3.
    /// </summary>
    public IDictionary<string, string> Scopes { get; } = new Settings<string>();

    /// <summary>What a device asks for that names no scope (RFC 6749 §3.3).</summary>
    /// <value>Every registered scope by default (<see langword="null"/>): the approver sees them and can narrow them.</value>
    public IList<string>? DefaultScopes { get; set; }

    /// <summary>
    /// The apps that may be paired, by their <c>client_id</c>: 1 to 128 printable ASCII characters. From configuration:
    /// <c>DeviceAuthorization:Clients:tv:DisplayName</c>; an id with a colon can only come from code.
    /// </summary>
    /// <value>None by default: then any app may ask, and is shown as unverified. With one, all others are refused.</value>
    public IDictionary<string, DeviceClient> Clients { get; } = new Settings<DeviceClient>();

    /// <summary>
    /// Where people reach this host, such as <c>https://tv.example.com</c>: the origin of the links shown to them. It is never taken
    /// from a request's <c>Host</c> header, which anybody can write.
    /// </summary>
    /// <value>No default: required, except in the Development environment, where the request's own origin serves.</value>
    public Uri? PublicOrigin { get; set; }

    /// <summary>
    /// The path base that the host has for its users, as in <c>UsePathBase</c>, such as <c>/app</c>. Only the issuer and the metadata need to
    /// know it, since their address is outside it.
    /// </summary>
    /// <value>Empty by default: none.</value>
    public string PathBase { get; set; } = "";

    /// <summary>Whether devices and pages must use HTTPS (RFC 8628 §3.1). Loopback and Development are exempt.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool RequireHttps { get; set; } = true;

    /// <summary>The path of the page where people enter the code, below the host's path base.</summary>
    /// <value><c>/pair/device</c> by default, which RomM's clients know.</value>
    public string PagePath { get; set; } = "/pair/device";

    /// <summary>The path of the page where people see their devices, below the host's path base.</summary>
    /// <value><c>/pair/devices</c> by default.</value>
    public string DevicesPagePath { get; set; } = "/pair/devices";

    /// <summary>How the pages look.</summary>
    public PairingPageOptions Page { get; set; } = new();

    /// <summary>The host's authentication scheme for people: the one whose session approves.</summary>
    /// <value>The host's default scheme by default (<see langword="null"/>).</value>
    public string? ApproverScheme { get; set; }

    /// <summary>The scheme that the pages send people to who are not signed in, or must sign in again.</summary>
    /// <value>
    /// By default (<see langword="null"/>) <see cref="ApproverScheme"/>, if that is set; else the host's default challenge scheme, unless that
    /// scheme is for APIs (it answers 401 and has no page); else the scheme that people are signed in with.
    /// </value>
    public string? ApproverChallengeScheme { get; set; }

    /// <summary>
    /// The type of the claims that limit a sign-in to some scopes. All claims of the type count, each split at blanks; an empty claim allows
    /// no scope. A limited sign-in grants no other scopes and manages devices and tokens within them only. As long as this is not set, OpenID
    /// Connect's own scopes (<c>openid</c>, <c>profile</c>, <c>email</c>, <c>address</c>, <c>phone</c>, <c>offline_access</c>) are no limit if
    /// the sign-in has no others and <see cref="Scopes"/> has none of them.
    /// </summary>
    /// <value>
    /// <c>scope</c> and <c>scp</c> by default (<see langword="null"/>). Empty: no claim limits a sign-in. A sign-in without such a claim, as
    /// most sessions are, stands for the whole account.
    /// </value>
    public string? ApproverScopeClaim { get; set; }

    /// <summary>
    /// Finds the user id of a signed-in person. Return <see langword="null"/> if the principal has no id; that person cannot approve. The id
    /// decides whose devices they see: where several identity providers sign people in, make it one that no two of them share. Only from code.
    /// </summary>
    /// <value>The claim <see cref="System.Security.Claims.ClaimTypes.NameIdentifier"/>, else <c>sub</c>, by default (<see langword="null"/>).</value>
    public Func<System.Security.Claims.ClaimsPrincipal, string?>? ApproverUserId { get; set; }

    /// <summary>What user codes look like.</summary>
    /// <value><see cref="UserCodeFormat.Standard"/> by default.</value>
    public UserCodeFormat UserCode { get; set; } = UserCodeFormat.Standard;

    /// <summary>
    /// Secret keys, in base64, under which stores keep user codes as HMAC-SHA-256: all nodes need the same. The first one is in use, the others
    /// still find codes. To change it, add the new one last on all nodes, then put it first, then take the old one away when its codes are over. While there are several, each
    /// look-up asks the store once for each of them.
    /// </summary>
    /// <value>None by default: then a user code is kept as SHA-256, which whoever reads the store undoes in seconds. At most 3, each 32 to 128 bytes.</value>
    public IList<string> UserCodeKeys { get; } = [];

    /// <summary>
    /// Whether the host may start although guesses hit a user code more often than once in 4096 lifetimes, by <see cref="UserCode"/>,
    /// <see cref="MaxLivePairings"/> and <see cref="DeviceRateLimits.CodesInAll"/>, or although user codes have less than 34 bits.
    /// </summary>
    /// <value><see langword="false"/> by default.</value>
    public bool AllowWeakUserCodes { get; set; }

    /// <summary>
    /// How many pairings of one network may be entered from other networks in an hour before that is told as
    /// <see cref="PairingEvent.CampaignSuspected"/>; <see langword="null"/> to count none.
    /// </summary>
    /// <value>20 by default; at least 1.</value>
    public int? CampaignThreshold { get; set; } = 20;

    /// <summary>
    /// Whether a pairing is voided when a second user enters its code, or when it is part of what looks like a campaign
    /// (<see cref="CampaignThreshold"/>). Whoever sees a code can then stop its pairing; it has to be started anew.
    /// </summary>
    /// <value><see langword="false"/> by default: it is only told (<see cref="IPairingEvents"/>).</value>
    public bool VoidSuspectedPairings { get; set; }

    /// <summary>How long a pairing may stay unanswered (<c>expires_in</c>, RFC 8628 §3.2).</summary>
    /// <value>10 minutes by default; from 1 to 30 minutes.</value>
    public TimeSpan PairingLifetime { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Least time between two polls of a device (<c>interval</c>, RFC 8628 §3.2).</summary>
    /// <value>5 seconds by default; whole seconds, from 1 to 60.</value>
    public TimeSpan PollingInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Whether approvers compare a number with the one that the device shows, before their approval counts: against somebody who sends people
    /// a code of a device that they do not see.
    /// </summary>
    /// <value><see cref="NumberMatching.Off"/> by default, for few devices can show one.</value>
    public NumberMatching NumberMatching { get; set; }

    /// <summary>
    /// How many live pairings the in-memory store holds; then new ones are refused. Live ones are never evicted. One network (an IPv4 address or an
    /// IPv6 /48, loopback excepted) holds at most a tenth of it, and at most 3 once half of it is taken. Of other stores it is the number
    /// that the check of user codes reckons with (<see cref="AllowWeakUserCodes"/>).
    /// </summary>
    /// <value>200 by default, which keeps blind guesses at an eight-letter code hopeless; from 1 to 1,000,000.</value>
    public int MaxLivePairings { get; set; } = 200;

    /// <summary>What tokens start with, so that scanners recognise a leaked one.</summary>
    /// <value><c>da_</c> by default; at most 16 letters, digits, <c>_</c> and <c>-</c>.</value>
    public string TokenPrefix { get; set; } = "da_";

    /// <summary>How long a token lives when the approver does not say.</summary>
    /// <value>90 days by default; from an hour, for the device may take half of one to fetch it, to 100 years; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</value>
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromDays(90);

    /// <summary>
    /// The token lifetimes people choose from, by the word that requests use (<c>expires_in</c>);
    /// <see cref="Timeout.InfiniteTimeSpan"/> is for ever.
    /// </summary>
    /// <value>RomM's by default: <c>30d</c>, <c>90d</c>, <c>1y</c>, <c>never</c>.</value>
    public IDictionary<string, TimeSpan> TokenLifetimes { get; } = new Settings<TimeSpan>
    {
        ["30d"] = TimeSpan.FromDays(30),
        ["90d"] = TimeSpan.FromDays(90),
        ["1y"] = TimeSpan.FromDays(365),
        ["never"] = Timeout.InfiniteTimeSpan,
    };

    /// <summary>How many live tokens a user may have, paired devices' and others together.</summary>
    /// <value>25 by default; at least 1.</value>
    public int MaxTokensPerUser { get; set; } = 25;

    /// <summary>
    /// How many devices a user may have, paired and registered ones together. A further one is refused until its owner removes one; a known
    /// device is recognised at any number.
    /// </summary>
    /// <value>100 by default; at least 1.</value>
    public int MaxDevicesPerUser { get; set; } = 100;

    /// <summary>Whether pairing a known device again revokes its earlier tokens.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool ReplaceEarlierTokens { get; set; } = true;

    /// <summary>
    /// Whether a device code that comes back a minute or more after it was redeemed revokes the token it made: somebody else has
    /// it (RFC 6749 §10.5).
    /// </summary>
    /// <value><see langword="true"/> by default.</value>
    public bool RevokeOnReplay { get; set; } = true;

    /// <summary>
    /// Whether a device code that comes back sooner, with another <c>Idempotency-Key</c> or from another network than the poll that redeemed it,
    /// revokes the token that it made (<see cref="PairingEvent.ReplaySuspected"/>). A device that changes its network or its key while it polls in
    /// parallel then loses its token.
    /// </summary>
    /// <value><see langword="false"/> by default: it is only reported (<see cref="IPairingEvents"/>).</value>
    public bool RevokeOnSuspectedReplay { get; set; }

    /// <summary>Further keys in a device's <c>sync_config</c> whose values are secret, beside <see cref="SecretKeys.Default"/>.</summary>
    /// <value>None by default.</value>
    public IList<string> SecretKeys { get; } = [];

    /// <summary>How long a pairing may live, whoever its client is.</summary>
    internal TimeSpan LongestPairingLifetime => Clients.Values.Select(client => client?.PairingLifetime ?? PairingLifetime).Append(PairingLifetime).Max();

    /// <summary>The keys of <see cref="UserCodeKeys"/>, read once, the one in use first; an empty one where there are none.</summary>
    internal byte[][] UserCodeKeyBytes => field ??= UserCodeKeys.Count == 0 ? [[]] : [.. UserCodeKeys.Select(Convert.FromBase64String)];

    /// <summary>The scopes that the endpoints of devices and tokens require.</summary>
    public ManagementScopes ManagementScopes { get; set; } = new();

    /// <summary>Limits on how often devices may ask and people may enter codes.</summary>
    public DeviceRateLimits RateLimits { get; set; } = new();

    /// <summary>The registered client of that id; null when there is none.</summary>
    internal DeviceClient? FindClient(string clientId) => Clients.TryGetValue(clientId, out var client) ? client : null;

    /// <summary>Whether a client may ask without a secret.</summary>
    internal bool IsPublic(string clientId) => Clients.Count == 0 || FindClient(clientId) is { Secret: null };

    /// <summary>The scopes that a client may ask for.</summary>
    internal ICollection<string> ScopesOf(string clientId) => FindClient(clientId)?.AllowedScopes ?? Scopes.Keys;
}

/// <summary>
/// The scopes that the endpoints of devices and tokens require: a device token must carry them, and the account behind it, or behind a
/// session, must have them. A device can only ask for those that are in <see cref="DeviceAuthorizationOptions.Scopes"/>.
/// </summary>
public sealed class ManagementScopes
{
    /// <summary>To list and read devices.</summary>
    /// <value><c>devices.read</c> by default, as RomM.</value>
    public string ReadDevices { get; set; } = "devices.read";

    /// <summary>To register, change and delete devices.</summary>
    /// <value><c>devices.write</c> by default, as RomM.</value>
    public string WriteDevices { get; set; } = "devices.write";

    /// <summary>To list tokens.</summary>
    /// <value><c>me.read</c> by default, as RomM.</value>
    public string ReadTokens { get; set; } = "me.read";

    /// <summary>To revoke tokens, and for people to make and change them.</summary>
    /// <value><c>me.write</c> by default, as RomM.</value>
    public string WriteTokens { get; set; } = "me.write";
}

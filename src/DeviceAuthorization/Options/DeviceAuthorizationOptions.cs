using System.Runtime.CompilerServices;

namespace DeviceAuthorization;

/// <summary>
/// The settings of the flow. They come from the configuration section <c>DeviceAuthorization</c>, then from the delegate given to
/// <c>AddDeviceAuthorization</c>. The host checks them when it starts.
/// </summary>
public sealed class DeviceAuthorizationOptions
{
    /// <summary>The configuration section of these options.</summary>
    public const string SectionName = "DeviceAuthorization";

    /// <summary>The settings that the host set, of those that otherwise follow <see cref="Security"/>.</summary>
    private readonly Dictionary<string, object?> _chosen = new(StringComparer.Ordinal);

    /// <summary>
    /// How strictly pairings are judged. It sets the built-in risk rule, and the defaults of the settings that <see cref="SecurityLevel"/> lists. A
    /// setting that the host sets itself wins, in any order.
    /// </summary>
    /// <value><see cref="SecurityLevel.Balanced"/> by default.</value>
    public SecurityLevel Security { get; set; } = SecurityLevel.Balanced;

    /// <summary>The scopes that the host knows, each with words that say what it allows. Names are scope tokens of RFC 6749 §3.3.</summary>
    public IDictionary<string, string> Scopes { get; } = new OverwritingDictionary<string>();

    /// <summary>The scopes of a device that requests none (RFC 6749 §3.3).</summary>
    /// <value>Every registered scope by default (<see langword="null"/>): the approver sees them and can narrow them.</value>
    public IList<string>? DefaultScopes { get; set; }

    /// <summary>
    /// The clients that may be paired, by their <c>client_id</c>: 1 to 128 printable ASCII characters. In configuration:
    /// <c>DeviceAuthorization:Clients:tv:DisplayName</c>. An id with a colon can only be set in code.
    /// </summary>
    /// <value>None by default: any client may then ask, and is shown as unverified. If there is one, all others are refused.</value>
    public IDictionary<string, DeviceClient> Clients { get; } = new OverwritingDictionary<DeviceClient>();

    /// <summary>
    /// Where people reach this host, such as <c>https://tv.example.com</c>: the origin of the links shown to them. It is never taken from a
    /// request's <c>Host</c> header, which anybody can set.
    /// </summary>
    /// <value>No default. Required, except in the Development environment, which then uses the request's own origin.</value>
    public Uri? PublicOrigin { get; set; }

    /// <summary>
    /// The path base that users of the host see, as in <c>UsePathBase</c>, such as <c>/app</c>. Only the issuer and the metadata need it, because
    /// the address of the metadata is outside it.
    /// </summary>
    /// <value>Empty by default: none.</value>
    public string PathBase { get; set; } = "";

    /// <summary>Whether devices and pages must use HTTPS (RFC 8628 §3.1). Loopback and Development are exempt.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool RequireHttps { get; set; } = true;

    /// <summary>
    /// How long a call to a store may take, and a question to the host's <see cref="IPairingPolicy"/>. What takes longer counts as an outage: devices and
    /// people get 503 with <c>Retry-After</c> and may try again. In-memory stores always answer.
    /// </summary>
    /// <value>10 seconds by default; from 1 second to 2 minutes, or <see cref="Timeout.InfiniteTimeSpan"/> to rely on the store's own limits.</value>
    public TimeSpan StoreTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The path of the page where people enter the code, below the host's path base.</summary>
    /// <value><c>/pair/device</c> by default, which RomM's clients know.</value>
    public string PagePath { get; set; } = "/pair/device";

    /// <summary>The path of the page where people see their devices, below the host's path base.</summary>
    /// <value><c>/pair/devices</c> by default.</value>
    public string DevicesPagePath { get; set; } = "/pair/devices";

    /// <summary>How the pages look.</summary>
    public PairingPageOptions Page { get; set; } = new();

    /// <summary>The host's authentication scheme for people. Its session approves.</summary>
    /// <value>The host's default scheme by default (<see langword="null"/>).</value>
    public string? ApproverScheme { get; set; }

    /// <summary>The scheme to which the pages send people who are not signed in, or must sign in again.</summary>
    /// <value>
    /// By default (<see langword="null"/>) <see cref="ApproverScheme"/>, if that is set. Otherwise the host's default challenge scheme, unless that
    /// is for APIs (it answers 401 and has no page). Otherwise the scheme that people are signed in with.
    /// </value>
    public string? ApproverChallengeScheme { get; set; }

    /// <summary>
    /// The origins of single-page apps that may call the approver's API from another origin: to review, approve and deny, and to manage devices and
    /// tokens. Such an app acts for the person who is signed in, by a bearer token or a cookie, so list only your own. The host must call
    /// <c>UseCors()</c>. In configuration: <c>DeviceAuthorization:ApproverOrigins:0</c>.
    /// </summary>
    /// <value>None by default: pages of other origins are refused. Each is <c>https://host[:port]</c>; <c>http</c> only on loopback and in Development.</value>
    public IList<string> ApproverOrigins { get; } = [];

    /// <summary>
    /// The origins of devices that are web apps, such as apps of a TV: they may start, poll and revoke from a browser. A device proves itself by its
    /// device code, never by a cookie. The host must call <c>UseCors()</c>.
    /// </summary>
    /// <value>
    /// None by default. Each is as in <see cref="ApproverOrigins"/>. There is no <c>*</c> for all: any web page could then start a pairing in the
    /// network of the person who opens it, and read the codes.
    /// </value>
    public IList<string> DeviceOrigins { get; } = [];

    /// <summary>
    /// The type of the claims that limit a sign-in to some scopes. All claims of the type count, each split at blanks; an empty claim allows no
    /// scope. A limited sign-in grants only its scopes, and manages devices and tokens only within them. OpenID Connect's own scopes
    /// (<c>openid</c>, <c>profile</c>, <c>email</c>, <c>address</c>, <c>phone</c>, <c>offline_access</c>) are no limit if this is not set, the
    /// sign-in has no other scopes, and <see cref="Scopes"/> has none of them.
    /// </summary>
    /// <value>
    /// <c>scope</c> and <c>scp</c> by default (<see langword="null"/>). If empty, no claim limits a sign-in. A sign-in without such a claim, as most
    /// sessions are, has the whole account.
    /// </value>
    public string? ApproverScopeClaim { get; set; }

    /// <summary>
    /// Finds the user id of a signed-in person, at most 255 characters. Return <see langword="null"/> if the principal has no id: that person cannot
    /// approve. A longer id counts as none. The id decides whose devices they see, so no two identity providers may share one. Can only be set in code.
    /// </summary>
    /// <value>The claim <see cref="System.Security.Claims.ClaimTypes.NameIdentifier"/>, else <c>sub</c>, by default (<see langword="null"/>).</value>
    public Func<System.Security.Claims.ClaimsPrincipal, string?>? ApproverUserId { get; set; }

    /// <summary>What user codes look like.</summary>
    /// <value><see cref="UserCodeFormat.Standard"/> by default.</value>
    public UserCodeFormat UserCode { get; set; } = UserCodeFormat.Standard;

    /// <summary>
    /// Secret keys, in base64, under which stores keep user codes as HMAC-SHA-256. All nodes need the same keys. New codes use the first key; the
    /// others still find older codes. To change the key, add the new one last on all nodes, then move it to the front, then remove the old one once
    /// its codes have expired. With several keys, each entry of a code asks the store once for each key.
    /// </summary>
    /// <value>None by default: user codes are then kept as SHA-256, which anyone who reads the store can reverse in seconds. At most 3, each 32 to 128 bytes.</value>
    public IList<string> UserCodeKeys { get; } = [];

    /// <summary>
    /// Whether the host may start with weak user codes: with less than 34 bits, or if blind guesses hit a code more often than once in 4096
    /// lifetimes, by <see cref="UserCode"/>, <see cref="MaxLivePairings"/> and <see cref="DeviceRateLimits.CodesInAll"/>.
    /// </summary>
    /// <value><see langword="false"/> by default.</value>
    public bool AllowWeakUserCodes { get; set; }

    /// <summary>
    /// How many pairings of one network may be entered from other networks in an hour before <see cref="PairingEvent.CampaignSuspected"/> is
    /// reported; <see langword="null"/> to count none.
    /// </summary>
    /// <value>20 by default, 5 with <see cref="SecurityLevel.Strict"/>; at least 1.</value>
    public int? CampaignThreshold { get => Chosen<int?>(Preset.CampaignThreshold); set => Choose(value); }

    /// <summary>
    /// Whether to void a pairing when a second user enters its code, or when it looks like part of a campaign (<see cref="CampaignThreshold"/>).
    /// Anyone who sees a code can then stop its pairing, and the device must start again.
    /// </summary>
    /// <value>
    /// <see langword="false"/> by default: an event is reported, and the built-in risk rule counts it. <see langword="true"/> with
    /// <see cref="SecurityLevel.Strict"/>.
    /// </value>
    public bool VoidSuspectedPairings { get => Chosen(Preset.VoidSuspectedPairings); set => Choose(value); }

    /// <summary>How long a pairing may stay unanswered (<c>expires_in</c>, RFC 8628 §3.2).</summary>
    /// <value>10 minutes by default, 5 with <see cref="SecurityLevel.Strict"/>; whole seconds, from 1 to 30 minutes.</value>
    public TimeSpan PairingLifetime { get => Chosen(Preset.PairingLifetime); set => Choose(value); }

    /// <summary>The least time between two polls of a device (<c>interval</c>, RFC 8628 §3.2).</summary>
    /// <value>5 seconds by default; whole seconds, from 1 to 60.</value>
    public TimeSpan PollingInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the answer to a poll may wait for the decision, if the device asks for that (<c>Prefer: wait=25</c>, RFC 7240). The device then has its
    /// token within milliseconds of the approval, with fewer requests. A proxy in front must let requests take so long.
    /// </summary>
    /// <value>25 seconds by default; whole seconds, at most 2 minutes. <see cref="TimeSpan.Zero"/>: every poll is answered at once.</value>
    public TimeSpan MaxPollWait { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>How many polls this process holds at once. A further one is answered at once, and its device polls at its interval.</summary>
    /// <value>5,000 by default, each about 20 KB of memory with its connection; at least 1.</value>
    public int MaxHeldPolls { get; set; } = 5000;

    /// <summary>
    /// Whether approvers must choose the number that the device shows before their approval counts. This protects people who are sent the code of a
    /// device that they do not see.
    /// </summary>
    /// <value><see cref="NumberMatching.WhenRisky"/> by default; <see cref="NumberMatching.Off"/> with <see cref="SecurityLevel.Relaxed"/>.</value>
    public NumberMatching NumberMatching { get => Chosen(Preset.NumberMatching); set => Choose(value); }

    /// <summary>
    /// How many live pairings the in-memory store holds. It refuses further ones, and never evicts a live one. One network (an IPv4 address or an IPv6
    /// /48, except loopback) holds at most a tenth of it, and at most 3 once half of it is taken. Other stores use it only to judge code strength
    /// (<see cref="AllowWeakUserCodes"/>).
    /// </summary>
    /// <value>200 by default, which makes blind guesses at an eight-letter code hopeless; from 1 to 1,000,000.</value>
    public int MaxLivePairings { get; set; } = 200;

    /// <summary>The start of every access token, by which scanners recognise a leaked one.</summary>
    /// <value><c>da_</c> by default; at most 16 letters, digits, <c>_</c> and <c>-</c>.</value>
    public string TokenPrefix { get; set; } = "da_";

    /// <summary>How long an access token lives if the approver does not choose.</summary>
    /// <value>
    /// 90 days by default, 30 with <see cref="SecurityLevel.Strict"/>; from 1 hour, because the device may take half an hour to fetch it, to 100
    /// years; <see cref="Timeout.InfiniteTimeSpan"/> for ever.
    /// </value>
    public TimeSpan TokenLifetime { get => Chosen(Preset.TokenLifetime); set => Choose(value); }

    /// <summary>
    /// The token lifetimes that people choose from, by the name that requests use (<c>expires_in</c>). <see cref="Timeout.InfiniteTimeSpan"/> is for
    /// ever.
    /// </summary>
    /// <value>RomM's by default: <c>30d</c>, <c>90d</c>, <c>1y</c>, <c>never</c>.</value>
    public IDictionary<string, TimeSpan> TokenLifetimes { get; } = new OverwritingDictionary<TimeSpan>
    {
        ["30d"] = TimeSpan.FromDays(30),
        ["90d"] = TimeSpan.FromDays(90),
        ["1y"] = TimeSpan.FromDays(365),
        ["never"] = Timeout.InfiniteTimeSpan,
    };

    /// <summary>How many live access tokens a user may have, device tokens and others together.</summary>
    /// <value>25 by default; at least 1.</value>
    public int MaxTokensPerUser { get; set; } = 25;

    /// <summary>
    /// How many devices a user may have, paired and registered ones together. A further one is refused until its owner removes one. A known device is
    /// recognised at any number.
    /// </summary>
    /// <value>100 by default; at least 1.</value>
    public int MaxDevicesPerUser { get; set; } = 100;

    /// <summary>Whether pairing a known device again revokes its earlier tokens.</summary>
    /// <value><see langword="true"/> by default.</value>
    public bool ReplaceEarlierTokens { get; set; } = true;

    /// <summary>
    /// Whether to revoke the token of a device code that is used again a minute or more after its redemption: somebody else has the code (RFC 6749
    /// §10.5).
    /// </summary>
    /// <value><see langword="true"/> by default.</value>
    public bool RevokeOnReplay { get; set; } = true;

    /// <summary>
    /// Whether to revoke the token of a device code that is used again sooner, with another <c>Idempotency-Key</c> or from another network than the
    /// poll that redeemed it (<see cref="PairingEvent.ReplaySuspected"/>). A device that changes its network or its key while it polls in parallel
    /// then loses its token.
    /// </summary>
    /// <value><see langword="false"/> by default: an event is reported, nothing else (<see cref="IPairingEvents"/>).</value>
    public bool RevokeOnSuspectedReplay { get; set; }

    /// <summary>
    /// How long a device counts as online after its last call, for <c>GET /api/devices/online</c>. The time of the last call is written each third of
    /// this, at most every five minutes: a short time costs more writes. Ignored if the host has an <see cref="IDevicePresence"/>.
    /// </summary>
    /// <value>90 seconds by default, as in RomM; whole seconds, from 15 seconds to 1 day.</value>
    public TimeSpan OnlineAfterCall { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>More keys in a device's <c>sync_config</c> whose values are secret, in addition to <see cref="SecretKeys.Default"/>.</summary>
    /// <value>None by default.</value>
    public IList<string> SecretKeys { get; } = [];

    /// <summary>The longest lifetime of a pairing, over all clients.</summary>
    internal TimeSpan LongestPairingLifetime => Clients.Values.Select(client => client?.PairingLifetime ?? PairingLifetime).Append(PairingLifetime).Max();

    /// <summary>The decoded <see cref="UserCodeKeys"/>, the one in use first; one empty key if there are none.</summary>
    internal byte[][] UserCodeKeyBytes => field ??= UserCodeKeys.Count == 0 ? [[]] : [.. UserCodeKeys.Select(Convert.FromBase64String)];

    /// <summary>The scopes that the endpoints of devices and tokens require.</summary>
    public ManagementScopes ManagementScopes { get; set; } = new();

    /// <summary>Limits on how often devices may start and poll, and people may enter codes.</summary>
    public DeviceRateLimits RateLimits { get; set; } = new();

    /// <summary>The settings that follow <see cref="Security"/>, as it wants them.</summary>
    private SecurityPreset Preset => SecurityPreset.Of(Security);

    /// <summary>New pairings from one address within the lifetime of a pairing.</summary>
    internal int PendingPerAddress => RateLimits.PendingPerAddress ?? Preset.PendingPerAddress;

    /// <summary>Whether a link may include a code of that client.</summary>
    internal bool AllowsLink(string clientId) => FindClient(clientId)?.AllowLink ?? Preset.AllowLink;

    /// <summary>The registered client with that id; null if there is none.</summary>
    internal DeviceClient? FindClient(string clientId) => Clients.TryGetValue(clientId, out var client) ? client : null;

    /// <summary>Whether a client may call without a secret.</summary>
    internal bool IsPublic(string clientId) => Clients.Count == 0 || FindClient(clientId) is { Secret: null };

    /// <summary>The scopes that a client may request.</summary>
    internal ICollection<string> ScopesOf(string clientId) => FindClient(clientId)?.AllowedScopes ?? Scopes.Keys;

    private T Chosen<T>(T preset, [CallerMemberName] string name = "") => _chosen.TryGetValue(name, out var value) ? (T)value! : preset;

    private void Choose<T>(T value, [CallerMemberName] string name = "") => _chosen[name] = value;
}

/// <summary>
/// The scopes that the endpoints of devices and tokens require. A device token must carry them, and the account behind the token or the session must
/// have them. A device can request only those that are in <see cref="DeviceAuthorizationOptions.Scopes"/>.
/// </summary>
public sealed class ManagementScopes
{
    /// <summary>To list and read devices.</summary>
    /// <value><c>devices.read</c> by default, as in RomM.</value>
    public string ReadDevices { get; set; } = "devices.read";

    /// <summary>To register, change and delete devices.</summary>
    /// <value><c>devices.write</c> by default, as in RomM.</value>
    public string WriteDevices { get; set; } = "devices.write";

    /// <summary>To list tokens.</summary>
    /// <value><c>me.read</c> by default, as in RomM.</value>
    public string ReadTokens { get; set; } = "me.read";

    /// <summary>To revoke tokens; for people, also to make and change them.</summary>
    /// <value><c>me.write</c> by default, as in RomM.</value>
    public string WriteTokens { get; set; } = "me.write";
}

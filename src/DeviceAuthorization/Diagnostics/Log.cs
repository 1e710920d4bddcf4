using Microsoft.Extensions.Logging;

namespace DeviceAuthorization.Diagnostics;

/// <summary>
/// All messages of this assembly. Ids are never reused. Pairings, users and devices appear by id; codes, tokens and addresses never appear. The audit
/// has the names of devices and clients, shortened and in quotes, and networks. Debug: what devices do. Information: what an owner wants in
/// an audit. Error: what an operator must fix.
/// </summary>
internal static partial class Log
{
    private const string ConfigureProxy =
        "Set ForwardedHeadersOptions.ForwardedHeaders to XForwardedFor | XForwardedProto, add the proxy to KnownProxies or KnownIPNetworks, and call UseForwardedHeaders() first. "
        + "Where nothing but the proxy can reach this host, ASPNETCORE_FORWARDEDHEADERS_ENABLED=true does the same.";

    [LoggerMessage(1, LogLevel.Debug, "Pairing {PairingId} started.")]
    public static partial void PairingStarted(this ILogger logger, Guid pairingId);

    [LoggerMessage(2, LogLevel.Warning, "A pairing was refused: the store is full. Raise DeviceAuthorization:MaxLivePairings if this is legitimate traffic.")]
    public static partial void StoreFull(this ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "A pairing was refused: {Attempts} user codes in a row were already in use. Make user codes longer.")]
    public static partial void CodesExhausted(this ILogger logger, int attempts);

    [LoggerMessage(4, LogLevel.Information, "User {UserId} approved pairing {PairingId}: device {Device}, client {Client}, network {Network}, scopes {Scopes}. Risk: {Risk}.")]
    public static partial void PairingApproved(this ILogger logger, string userId, Guid pairingId, string device, string client, string network, string scopes, string risk);

    [LoggerMessage(5, LogLevel.Information, "User {UserId} denied pairing {PairingId}: device {Device}, client {Client}, network {Network}.")]
    public static partial void PairingDenied(this ILogger logger, string userId, Guid pairingId, string device, string client, string network);

    [LoggerMessage(6, LogLevel.Information, "Pairing {PairingId} redeemed: device {DeviceId} has token {TokenId}, scopes {Scopes}.")]
    public static partial void PairingRedeemed(this ILogger logger, Guid pairingId, string deviceId, Guid tokenId, string scopes);

    [LoggerMessage(28, LogLevel.Debug, "The device of pairing {PairingId} fetched its token once more.")]
    public static partial void PairingRedelivered(this ILogger logger, Guid pairingId);

    [LoggerMessage(29, LogLevel.Debug, "Pairing {PairingId} expired. It was {Status}.")]
    public static partial void PairingExpired(this ILogger logger, Guid pairingId, string status);

    [LoggerMessage(96, LogLevel.Debug, "The device of pairing {PairingId} gave up.")]
    public static partial void PairingWithdrawn(this ILogger logger, Guid pairingId);

    // 7 was a token revoked for one reason of several: 16 and 17 replace it.

    [LoggerMessage(8, LogLevel.Error, "A request of the pairing flow failed and was answered 503.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(92, LogLevel.Debug, "A request was answered 503: a store fails.")]
    public static partial void RequestMetOutage(this ILogger logger, Exception exception);

    [LoggerMessage(93, LogLevel.Error, "The store of {Store} fails. Requests that need it are answered 503, and devices go on polling. How many failed is logged each half minute, and when the store is back.")]
    public static partial void StoreFailing(this ILogger logger, Exception exception, string store);

    [LoggerMessage(94, LogLevel.Error, "The store of {Store} still fails: {Failed} calls in {Seconds:0} seconds.")]
    public static partial void StoreStillFailing(this ILogger logger, string store, long failed, double seconds);

    [LoggerMessage(95, LogLevel.Information, "The store of {Store} is back: {Failed} calls failed in {Seconds:0} seconds.")]
    public static partial void StoreBack(this ILogger logger, string store, long failed, double seconds);

    [LoggerMessage(9, LogLevel.Warning, "The last use of token {TokenId} was not recorded.")]
    public static partial void TouchFailed(this ILogger logger, Exception exception, Guid tokenId);

    [LoggerMessage(97, LogLevel.Error, "Whether token {TokenId} of an open connection is still live could not be checked. The next check is in 30 seconds.")]
    public static partial void ConnectionNotChecked(this ILogger logger, Exception exception, Guid tokenId);

    [LoggerMessage(10, LogLevel.Warning, "Pairing {PairingId} was not redeemed: user {UserId} has {Limit} live tokens already.")]
    public static partial void TokenLimitReached(this ILogger logger, Guid pairingId, string userId, int limit);

    [LoggerMessage(11, LogLevel.Debug, "Pairing {PairingId} was claimed by user {UserId}.")]
    public static partial void PairingClaimed(this ILogger logger, Guid pairingId, string userId);

    [LoggerMessage(12, LogLevel.Debug, "User {UserId} entered a code that they may not use. Pairing: {PairingId} (null if none).")]
    public static partial void CodeRefused(this ILogger logger, string userId, Guid? pairingId);

    [LoggerMessage(13, LogLevel.Warning, "A limit was reached: {Limit}, by {Who} (DeviceAuthorization:RateLimits).")]
    public static partial void LimitReached(this ILogger logger, string limit, string who);

    [LoggerMessage(14, LogLevel.Warning, "Codes of the network {Network} are entered from other networks more often than CampaignThreshold allows, most recently that of pairing {PairingId}. This looks like phishing.")]
    public static partial void CampaignSuspected(this ILogger logger, string network, Guid pairingId);

    [LoggerMessage(15, LogLevel.Warning, "Pairing {PairingId} was voided: a second user entered its code, or it looks like part of a campaign.")]
    public static partial void PairingVoided(this ILogger logger, Guid pairingId);

    [LoggerMessage(16, LogLevel.Warning, "The device code of pairing {PairingId} was used again, a minute or more after its redemption.")]
    public static partial void PairingReplayed(this ILogger logger, Guid pairingId);

    [LoggerMessage(17, LogLevel.Information, "Token {TokenId} of user {UserId} was revoked: {Name}, client {Client}, network {Network}, scopes {Scopes}.")]
    public static partial void TokenRevoked(this ILogger logger, Guid tokenId, string userId, string name, string client, string network, string scopes);

    [LoggerMessage(18, LogLevel.Information, "Device {DeviceId} of user {UserId} was removed, and its tokens were revoked: {Device}.")]
    public static partial void DeviceRemoved(this ILogger logger, string deviceId, string userId, string device);

    [LoggerMessage(19, LogLevel.Error, "A listener (IPairingEvents) failed to handle {Event}. The request continued.")]
    public static partial void ListenerFailed(this ILogger logger, Exception exception, string @event);

    [LoggerMessage(20, LogLevel.Information, "User codes are stored as SHA-256, which anyone who reads the store can reverse while the codes live. Set DeviceAuthorization:UserCodeKeys to store them as HMAC.")]
    public static partial void UserCodesWithoutKey(this ILogger logger);

    [LoggerMessage(21, LogLevel.Warning, "Blind guesses can hit a user code: {Advice}")]
    public static partial void WeakUserCodes(this ILogger logger, string advice);

    [LoggerMessage(22, LogLevel.Warning, "DeviceAuthorization:RateLimits:Enabled is off: only what stands in front of this host limits how often codes are guessed.")]
    public static partial void LimitsOff(this ILogger logger);

    [LoggerMessage(23, LogLevel.Warning, "A request came with {Header}, which no middleware applied. Limits count the address of the connection, and networks are not compared. If that address is your proxy's: " + ConfigureProxy + " If you have no proxy, somebody forged the header.")]
    public static partial void ForwardedHeaderIgnored(this ILogger logger, string header);

    [LoggerMessage(24, LogLevel.Warning, "The code of pairing {PairingId} was entered by user {UserId}, and earlier by user {EarlierUserId}.")]
    public static partial void CodeShared(this ILogger logger, Guid pairingId, string userId, string earlierUserId);

    [LoggerMessage(25, LogLevel.Warning, "A request came below the path base '{PathBase}', but DeviceAuthorization:PathBase is '{Setting}': the links that devices show and the metadata differ. Set it to the path base that users see, as in UsePathBase.")]
    public static partial void PathBaseDiffers(this ILogger logger, string pathBase, string setting);

    [LoggerMessage(26, LogLevel.Information, "Pairing {PairingId} approved by user {UserId}, who must still choose the number that the device shows. Risk: {Risk}.")]
    public static partial void NumberMatchingStarted(this ILogger logger, Guid pairingId, string userId, string risk);

    [LoggerMessage(27, LogLevel.Information, "User {UserId} approved pairing {PairingId} by the number that the device shows: device {Device}, client {Client}, network {Network}, scopes {Scopes}.")]
    public static partial void NumberMatched(this ILogger logger, string userId, Guid pairingId, string device, string client, string network, string scopes);

    [LoggerMessage(40, LogLevel.Warning, "Somebody is signed in with the scheme '{Scheme}' but has no user id of 1 to 255 characters, so they cannot approve. Their claims: {ClaimTypes}. Set DeviceAuthorizationOptions.ApproverUserId to a function that finds such an id.")]
    public static partial void ApproverWithoutId(this ILogger logger, string scheme, string claimTypes);

    [LoggerMessage(41, LogLevel.Warning, "The sign-in of user {UserId} lacks the scopes {Scopes}, because its claim {Claim} limits it. The user can neither grant nor use these scopes. If that claim is not about this host's scopes, set DeviceAuthorization:ApproverScopeClaim to another one, or to \"\" for no limit.")]
    public static partial void SignInLacksScopes(this ILogger logger, string userId, string scopes, string claim);

    [LoggerMessage(42, LogLevel.Warning, "The policy wants user {UserId} to sign in again (ApprovalRisk.StepUp), but the scheme '{Scheme}' does not show when they signed in, so the approval is refused. Let the sign-in add the claim auth_time: for OpenID Connect, keep that of the provider, whose clock must be right; for a JWT, have the issuer add it.")]
    public static partial void SignInTimeUnknown(this ILogger logger, string userId, string scheme);

    [LoggerMessage(43, LogLevel.Warning, "User {UserId} must sign in again (ApprovalRisk.StepUp, which the policy or Security = Strict wants), but they came back twice without a new sign-in, so the approval is refused. The scheme '{Scheme}' must ask people to sign in even if they are signed in: OpenID Connect sends prompt=login and max_age=0; a login page of your own must show its form.")]
    public static partial void SignInNotNew(this ILogger logger, string userId, string scheme);

    [LoggerMessage(44, LogLevel.Information, "The cookie scheme '{Scheme}' has EventsType {EventsType}, which replaces the event that records when people sign in. If your policy answers ApprovalRisk.StepUp, let the sign-in add the claim auth_time; without it every such approval is refused.")]
    public static partial void SignInsNotNoted(this ILogger logger, string scheme, string eventsType);

    [LoggerMessage(45, LogLevel.Warning, "The scheme '{Scheme}' has no sign-in page: it answers 401 to people who open the pages and are not signed in. Set DeviceAuthorization:ApproverChallengeScheme to a scheme that has one, such as a cookie scheme with a LoginPath. With AddIdentityApiEndpoints() that is Identity.Application.")]
    public static partial void NoSignInPage(this ILogger logger, string scheme);

    [LoggerMessage(46, LogLevel.Warning, "A page of the origin '{Origin}' was refused: it called the approver's API. If it is a single-page app of yours, add the origin to DeviceAuthorization:ApproverOrigins. Further ones are not logged.")]
    public static partial void OriginRefused(this ILogger logger, string origin);

    [LoggerMessage(50, LogLevel.Warning, "No endpoint of this host is at '{PagePath}', so the links that devices show lead nowhere, unless another server answers there. Call MapDevicePairingPage(), or set DeviceAuthorization:PagePath to the path of your own page.")]
    public static partial void LinksLeadNowhere(this ILogger logger, string pagePath);

    [LoggerMessage(51, LogLevel.Information, "Pairings are kept in {PairingStore}, devices and tokens in {DeviceRepository}; limits are counted in {Limiter}. Security: {Security}. Scopes: {Scopes}. Limits: {Limits}.")]
    public static partial void InUse(this ILogger logger, string pairingStore, string deviceRepository, string limiter, string security, string scopes, string limits);

    [LoggerMessage(52, LogLevel.Warning, "Devices and tokens are kept in memory: a restart of this host forgets them, and every device must pair again. Keep them in a database, such as with AddEntityFrameworkStores<TContext>().")]
    public static partial void DevicesInMemory(this ILogger logger);

    [LoggerMessage(53, LogLevel.Warning, "Pairings are kept in memory: at a restart of this host, everybody who is pairing must start again, and other nodes do not know them. Keep them in a database or in Redis, such as with AddEntityFrameworkStores<TContext>() or AddRedisPairingStore().")]
    public static partial void PairingsInMemory(this ILogger logger);

    [LoggerMessage(54, LogLevel.Warning, "Data Protection keys are kept in memory: a restart of this host ends every sign-in, and other nodes refuse it. Call AddDataProtection() with SetApplicationName() and one of PersistKeysTo…().")]
    public static partial void KeysInMemory(this ILogger logger);

    [LoggerMessage(55, LogLevel.Warning, "Data Protection keys are kept on this machine alone, but several nodes can share {PairingStore} and {DeviceRepository}. If this host has several nodes or runs in a container, call AddDataProtection() with SetApplicationName() and one of PersistKeysTo…(), which all nodes reach. Otherwise a node refuses sign-ins and forms of the others, and a new container those of the one before.")]
    public static partial void KeysOnThisMachine(this ILogger logger, string pairingStore, string deviceRepository);

    [LoggerMessage(56, LogLevel.Warning, "MapDevices() or MapClientTokens() is called, but nothing authenticates devices: those that call these endpoints with their token get an error. Call services.AddAuthentication().AddDeviceToken().")]
    public static partial void NoDeviceToken(this ILogger logger);

    [LoggerMessage(57, LogLevel.Warning, "'{Endpoint}' requires the scope '{Scope}', which DeviceAuthorization:Scopes does not declare, so no device that pairs now can call it. Declared: '{Declared}'.")]
    public static partial void ScopeUndeclared(this ILogger logger, string? endpoint, string scope, string declared);

    [LoggerMessage(58, LogLevel.Warning, "The configuration has {Setting}, which is no setting and has no effect. Check its spelling.")]
    public static partial void SettingUnknown(this ILogger logger, string setting);

    [LoggerMessage(60, LogLevel.Warning, "The device code of pairing {PairingId} was used again soon after its redemption, with another Idempotency-Key or from another network: somebody else may have it.")]
    public static partial void ReplaySuspected(this ILogger logger, Guid pairingId);

    [LoggerMessage(61, LogLevel.Information, "User {UserId} made token {TokenId} by hand: {Name}, scopes {Scopes}.")]
    public static partial void TokenMade(this ILogger logger, string userId, Guid tokenId, string name, string scopes);

    [LoggerMessage(62, LogLevel.Information, "User {UserId} renewed token {TokenId}: its old secret is refused.")]
    public static partial void TokenRenewed(this ILogger logger, Guid tokenId, string userId);

    [LoggerMessage(63, LogLevel.Information, "User {UserId} renamed, narrowed or shortened token {TokenId}.")]
    public static partial void TokenChanged(this ILogger logger, Guid tokenId, string userId);

    [LoggerMessage(64, LogLevel.Information, "User {UserId} was signed out everywhere. Tokens revoked: {Tokens}. Devices removed: {Devices}.")]
    public static partial void SignedOutEverywhere(this ILogger logger, string userId, int tokens, int devices);

    [LoggerMessage(65, LogLevel.Information, "The account of user {UserId} ended. Tokens revoked: {Tokens}. Devices removed: {Devices}.")]
    public static partial void UserRemoved(this ILogger logger, string userId, int tokens, int devices);

    [LoggerMessage(66, LogLevel.Information, "An operator revoked what a network or client obtained from {From:O} to {To:O}. Tokens revoked: {Tokens}.")]
    public static partial void ObtainedAccessRevoked(this ILogger logger, DateTimeOffset from, DateTimeOffset to, int tokens);

    [LoggerMessage(70, LogLevel.Warning, "Pairing {PairingId} waits: user {UserId} has {Limit} devices, as many as DeviceAuthorization:MaxDevicesPerUser allows.")]
    public static partial void DeviceLimitReached(this ILogger logger, Guid pairingId, string userId, int limit);

    [LoggerMessage(80, LogLevel.Warning, "A pairing was refused: the network {Network} holds its share of the store, a tenth of DeviceAuthorization:MaxLivePairings, or 3 pairings once half of the store is taken. If it is your proxy's, configure forwarded headers (see log 23). Otherwise, raise MaxLivePairings if this is legitimate traffic.")]
    public static partial void NetworkFull(this ILogger logger, string network);

    [LoggerMessage(81, LogLevel.Warning, "A request over plain HTTP was refused. Forwarded header that no middleware applied: {Header}. If a proxy ends HTTPS in front of this host, it must send X-Forwarded-For and X-Forwarded-Proto. " + ConfigureProxy)]
    public static partial void PlainHttpRefused(this ILogger logger, string header);

    [LoggerMessage(90, LogLevel.Error, "This host has a mistake in its set-up or its own code, so a request was answered 500: {Cause} More requests that meet it are logged at Debug.")]
    public static partial void HostMistake(this ILogger logger, Exception exception, string cause);

    [LoggerMessage(91, LogLevel.Debug, "A request was answered 500 again: {Cause}")]
    public static partial void HostMistakeAgain(this ILogger logger, string cause);
}

using Microsoft.Extensions.Logging;

namespace DeviceAuthorization;

/// <summary>
/// Every message of this assembly. Ids are never reused. Pairings appear by id, users and devices by theirs; codes, tokens and what
/// a device says of itself never. Debug: what devices do. Information: what an owner wants in an audit. Error: what an operator
/// must mend.
/// </summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Debug, "Pairing {PairingId} started.")]
    public static partial void PairingStarted(this ILogger logger, Guid pairingId);

    [LoggerMessage(2, LogLevel.Warning, "A pairing was refused: the store is full. Raise DeviceAuthorization:MaxLivePairings if this is honest traffic.")]
    public static partial void StoreFull(this ILogger logger);

    [LoggerMessage(3, LogLevel.Error, "A pairing was refused: {Attempts} user codes in a row were taken. Make user codes longer.")]
    public static partial void CodesExhausted(this ILogger logger, int attempts);

    [LoggerMessage(4, LogLevel.Information, "Pairing {PairingId} approved by user {UserId}.")]
    public static partial void PairingApproved(this ILogger logger, Guid pairingId, string userId);

    [LoggerMessage(5, LogLevel.Information, "Pairing {PairingId} denied by user {UserId}.")]
    public static partial void PairingDenied(this ILogger logger, Guid pairingId, string userId);

    [LoggerMessage(6, LogLevel.Information, "Pairing {PairingId} redeemed: device {DeviceId} has token {TokenId}.")]
    public static partial void PairingRedeemed(this ILogger logger, Guid pairingId, string deviceId, Guid tokenId);

    [LoggerMessage(7, LogLevel.Warning, "Token {TokenId} revoked: the device code of pairing {PairingId} came back after it was redeemed, or its redemption was not finished in time.")]
    public static partial void TokenRevoked(this ILogger logger, Guid pairingId, Guid tokenId);

    [LoggerMessage(8, LogLevel.Error, "A request of the pairing flow failed and was answered 503.")]
    public static partial void RequestFailed(this ILogger logger, Exception exception);

    [LoggerMessage(9, LogLevel.Warning, "The last use of token {TokenId} was not recorded.")]
    public static partial void TouchFailed(this ILogger logger, Exception exception, Guid tokenId);

    [LoggerMessage(10, LogLevel.Warning, "Pairing {PairingId} was not redeemed: user {UserId} has {Limit} live tokens already.")]
    public static partial void TokenLimitReached(this ILogger logger, Guid pairingId, string userId, int limit);

    [LoggerMessage(40, LogLevel.Information, "Pairing {PairingId} approved by user {UserId}, once they have chosen the number that the device shows.")]
    public static partial void NumberAsked(this ILogger logger, Guid pairingId, string userId);
}

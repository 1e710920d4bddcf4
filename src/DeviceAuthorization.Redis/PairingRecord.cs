using System.Buffers.Text;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DeviceAuthorization.Redis;

/// <summary>
/// A pairing as Redis keeps it: one line that scripts read, and JSON that they do not. It is a string, because a Redis hash with a member of more
/// than 64 bytes takes twice the memory.
/// </summary>
/// <remarks>
/// <code>
/// 1 0 Pending 1795435800000 1795435200000 5000 0 1 "tv-app"
/// {"id":…}
/// </code>
/// The line holds: the layout's number, version, status, expiry; due time, interval and whether slowed (the pacing); whether polls must name the
/// client, and the client. Times are Unix milliseconds.
/// </remarks>
internal static class PairingRecord
{
    /// <summary>The layout that this version writes and reads. A layout that older nodes would misread gets another number.</summary>
    public const string Layout = "1";

    private const int Fields = 9;

    /// <summary>Version, status and expiry, which a replacement sets.</summary>
    public static string Head(Pairing pairing, long version) => string.Create(
        CultureInfo.InvariantCulture, $"{version} {pairing.Status} {Milliseconds(pairing.ExpiresAt)}");

    /// <summary>The pacing, which only polls change.</summary>
    public static string Pace(Pacing pacing) => string.Create(
        CultureInfo.InvariantCulture, $"{Milliseconds(pacing.DueAt)} {Milliseconds(pacing.Interval)} {(pacing.IsSlowed ? 1 : 0)}");

    /// <summary>The rest.</summary>
    public static string Tail(Pairing pairing) =>
        $"{(pairing.RequiresClientId ? 1 : 0)} {Client(pairing.ClientId)}\n{JsonSerializer.Serialize(PairingDetails.Of(pairing), PairingJson.Compact.PairingDetails)}";

    /// <summary>The client as the record holds it, for comparison letter by letter.</summary>
    public static string Client(string clientId) => JsonSerializer.Serialize(clientId, PairingJson.Compact.String);

    /// <summary>Reads a record. A record that is damaged, of another layout or of an unknown status is none, and so never counts as approved.</summary>
    public static Pairing? Read(string deviceCodeHash, string record)
    {
        var end = record.IndexOf('\n', StringComparison.Ordinal);
        if (end < 0 || record[..end].Split(' ', Fields) is not [Layout, var version, var status, var expires, var due, var interval, var slowed, var requires, var client])
        {
            return null;
        }

        try
        {
            if (JsonSerializer.Deserialize(record.AsSpan(end + 1), PairingJson.Compact.PairingDetails) is not { IsWhole: true } details
                || JsonSerializer.Deserialize(client, PairingJson.Compact.String) is not { } clientId)
            {
                return null;
            }

            return details.ToPairing() with
            {
                DeviceCodeHash = deviceCodeHash,
                Version = long.Parse(version, CultureInfo.InvariantCulture),
                Status = Status(status),
                ExpiresAt = Time(expires),
                Pacing = new(TimeSpan.FromMilliseconds(long.Parse(interval, CultureInfo.InvariantCulture)), Time(due), slowed == "1"),
                RequiresClientId = requires != "0",
                ClientId = clientId,
            };
        }
        catch (Exception damaged) when (damaged is JsonException or FormatException or OverflowException or ArgumentException)
        {
            return null;
        }
    }

    /// <summary>Hashes are hex. As base64url they take a third less, in key names too.</summary>
    public static string Shorten(string hash) => Base64Url.EncodeToString(Convert.FromHexString(hash));

    public static string Lengthen(string hash) => Convert.ToHexStringLower(Base64Url.DecodeFromChars(hash));

    public static long Milliseconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds();

    public static long Milliseconds(TimeSpan time) => (long)time.TotalMilliseconds;

    private static DateTimeOffset Time(string milliseconds) =>
        DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(milliseconds, CultureInfo.InvariantCulture));

    private static PairingStatus Status(string name) => name switch
    {
        nameof(PairingStatus.Pending) => PairingStatus.Pending,
        nameof(PairingStatus.Approved) => PairingStatus.Approved,
        nameof(PairingStatus.Denied) => PairingStatus.Denied,
        nameof(PairingStatus.Redeemed) => PairingStatus.Redeemed,
        nameof(PairingStatus.Matching) => PairingStatus.Matching,
        nameof(PairingStatus.Withdrawn) => PairingStatus.Withdrawn,
        _ => throw new FormatException("An unknown status."),
    };
}

/// <summary>What no script reads. Names are short because every pairing stores them. Unknown members are skipped.</summary>
internal sealed record PairingDetails
{
    [JsonPropertyName("id")]
    public required Guid Id { get; init; }

    [JsonPropertyName("u")]
    public required string UserCodeHash { get; init; }

    [JsonPropertyName("s")]
    public required IReadOnlyList<string> RequestedScopes { get; init; }

    [JsonPropertyName("n")]
    public required string DeviceName { get; init; }

    [JsonPropertyName("p")]
    public string? Platform { get; init; }

    [JsonPropertyName("cv")]
    public string? ClientVersion { get; init; }

    [JsonPropertyName("d")]
    public string? DeviceIdentifier { get; init; }

    [JsonPropertyName("a")]
    public string? Address { get; init; }

    [JsonPropertyName("m")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool CanShowNumber { get; init; }

    [JsonPropertyName("c")]
    public required long CreatedAt { get; init; }

    [JsonPropertyName("tp")]
    public string? TraceParent { get; init; }

    [JsonPropertyName("by")]
    public string? ApproverId { get; init; }

    [JsonPropertyName("cl")]
    public long? ClaimedUntil { get; init; }

    [JsonPropertyName("su")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsSuspected { get; init; }

    [JsonPropertyName("g")]
    public GrantDetails? Grant { get; init; }

    [JsonPropertyName("mn")]
    public int? MatchNumber { get; init; }

    [JsonPropertyName("r")]
    public long? RedeemedAt { get; init; }

    [JsonPropertyName("k")]
    public string? IdempotencyKeyHash { get; init; }

    [JsonPropertyName("rf")]
    public string? RedeemedFrom { get; init; }

    /// <summary>Whether no scope is null. The serializer checks members for null, but not elements.</summary>
    [JsonIgnore]
    public bool IsWhole => RequestedScopes.All(scope => scope is not null) && Grant?.Scopes.All(scope => scope is not null) != false;

    public static PairingDetails Of(Pairing pairing) => new()
    {
        Id = pairing.Id,
        UserCodeHash = PairingRecord.Shorten(pairing.UserCodeHash),
        RequestedScopes = pairing.RequestedScopes,
        DeviceName = pairing.Device.Name,
        Platform = pairing.Device.Platform,
        ClientVersion = pairing.Device.ClientVersion,
        DeviceIdentifier = pairing.Device.Identifier,
        Address = pairing.Device.Address,
        CanShowNumber = pairing.CanShowNumber,
        CreatedAt = PairingRecord.Milliseconds(pairing.CreatedAt),
        TraceParent = pairing.TraceParent,
        ApproverId = pairing.ApproverId,
        ClaimedUntil = pairing.ClaimedUntil?.ToUnixTimeMilliseconds(),
        IsSuspected = pairing.IsSuspected,
        Grant = pairing.Grant is not { } grant ? null : new()
        {
            Scopes = grant.Scopes,
            DeviceName = grant.DeviceName,
            AsNewDevice = grant.AsNewDevice,
            TokenExpiresAt = grant.TokenExpiresAt?.ToUnixTimeMilliseconds(),
            TokenSalt = grant.TokenSalt,
            DeviceId = grant.DeviceId,
            SignOuts = grant.SignOuts,
            AccountStamp = grant.AccountStamp,
        },
        MatchNumber = pairing.MatchNumber,
        RedeemedAt = pairing.RedeemedAt?.ToUnixTimeMilliseconds(),
        IdempotencyKeyHash = pairing.IdempotencyKeyHash,
        RedeemedFrom = pairing.RedeemedFrom,
    };

    /// <summary>The pairing, except what the line before the JSON holds.</summary>
    public Pairing ToPairing() => new()
    {
        Id = Id,
        DeviceCodeHash = "",
        UserCodeHash = PairingRecord.Lengthen(UserCodeHash),
        ClientId = "",
        RequiresClientId = true,
        RequestedScopes = RequestedScopes,
        Device = new() { Name = DeviceName, Platform = Platform, ClientVersion = ClientVersion, Identifier = DeviceIdentifier, Address = Address },
        CanShowNumber = CanShowNumber,
        CreatedAt = DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt),
        TraceParent = TraceParent,
        ExpiresAt = default,
        Pacing = default,
        ApproverId = ApproverId,
        ClaimedUntil = Time(ClaimedUntil),
        IsSuspected = IsSuspected,
        Grant = Grant is not { } grant ? null : new()
        {
            Scopes = grant.Scopes,
            DeviceName = grant.DeviceName,
            AsNewDevice = grant.AsNewDevice,
            TokenExpiresAt = Time(grant.TokenExpiresAt),
            TokenSalt = grant.TokenSalt,
            DeviceId = grant.DeviceId,
            SignOuts = grant.SignOuts,
            AccountStamp = grant.AccountStamp,
        },
        MatchNumber = MatchNumber,
        RedeemedAt = Time(RedeemedAt),
        IdempotencyKeyHash = IdempotencyKeyHash,
        RedeemedFrom = RedeemedFrom,
    };

    public override string ToString() => $"PairingDetails {{ Id = {Id} }}"; // not the grant, which holds the salt

    private static DateTimeOffset? Time(long? milliseconds) => milliseconds is { } at ? DateTimeOffset.FromUnixTimeMilliseconds(at) : null;
}

/// <summary>What was granted.</summary>
internal sealed record GrantDetails
{
    [JsonPropertyName("s")]
    public required IReadOnlyList<string> Scopes { get; init; }

    [JsonPropertyName("n")]
    public string? DeviceName { get; init; }

    [JsonPropertyName("w")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool AsNewDevice { get; init; }

    [JsonPropertyName("e")]
    public long? TokenExpiresAt { get; init; }

    [JsonPropertyName("t")]
    public required string TokenSalt { get; init; }

    [JsonPropertyName("d")]
    public string? DeviceId { get; init; }

    [JsonPropertyName("o")]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public long SignOuts { get; init; }

    [JsonPropertyName("a")]
    public string? AccountStamp { get; init; }

    public override string ToString() => $"GrantDetails {{ DeviceId = {DeviceId} }}";
}

[JsonSerializable(typeof(PairingDetails))]
[JsonSerializable(typeof(string))]
internal sealed partial class PairingJson : JsonSerializerContext
{
    /// <summary>Without nulls, and with letters of any script unescaped: no browser reads this JSON.</summary>
    public static PairingJson Compact { get; } = new(new JsonSerializerOptions
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
    });
}

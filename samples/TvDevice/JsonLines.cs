using System.Text.Json;
using System.Text.Json.Serialization;
using DeviceAuthorization.Client;

namespace TvDevice;

/// <summary>For programs: one line of JSON for each event, on the standard output. A secret only if it was asked for.</summary>
internal sealed class JsonLines(bool printToken) : IScreen
{
    public void ShowCode(DevicePairing pairing, string? stateFile) => Write(new("code")
    {
        UserCode = pairing.UserCode,
        VerificationUri = pairing.VerificationUri.AbsoluteUri,
        VerificationUriComplete = pairing.VerificationUriComplete?.AbsoluteUri,
        SecondsLeft = (int)pairing.TimeLeft.TotalSeconds,
        StateFile = stateFile,
    });

    public void Show(PairingProgress step)
    {
        switch (step)
        {
            case PairingProgress.Waiting { TimeLeft: var left }:
                Write(new("pending") { SecondsLeft = (int)left.TotalSeconds });
                break;
            case PairingProgress.ShowNumber { Number: var number }:
                Write(new("number") { Number = number });
                break;
            case PairingProgress.Trouble { Reason: var reason, RetryIn: var retryIn }:
                Write(new("trouble") { Message = reason, RetryIn = (int)Math.Ceiling(retryIn.TotalSeconds) });
                break;
            case PairingProgress.Denied:
                Write(new("denied"));
                break;
            case PairingProgress.Expired:
                Write(new("expired"));
                break;
            case PairingProgress.Refused { Error: var error, Description: var description }:
                Write(new("refused") { Error = error, Message = description });
                break;
            default:
                break; // Connected: ShowToken has it
        }
    }

    public void ShowToken(IssuedToken token, string? stateFile) => Write(new("connected")
    {
        DeviceId = token.DeviceId,
        Scope = token.Scope,
        ExpiresAt = token.ExpiresAt,
        StateFile = stateFile,
        AccessToken = printToken ? token.AccessToken : null,
    });

    public void ShowWithdrawn() => Write(new("withdrawn"));

    public void ShowFailure(string message) => Write(new("failed") { Message = message });

    private static void Write(Event line) => Console.WriteLine(JsonSerializer.Serialize(line, EventJson.Default.Event));
}

/// <summary>A line. It can hold a token, so it is no record.</summary>
internal sealed class Event(string name)
{
    [JsonPropertyName("event")]
    public string Name { get; } = name;

    public string? UserCode { get; init; }

    public string? VerificationUri { get; init; }

    public string? VerificationUriComplete { get; init; }

    public int? SecondsLeft { get; init; }

    public int? Number { get; init; }

    public int? RetryIn { get; init; }

    public string? Error { get; init; }

    public string? Message { get; init; }

    public string? DeviceId { get; init; }

    public string? Scope { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public string? StateFile { get; init; }

    public string? AccessToken { get; init; }
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    GenerationMode = JsonSourceGenerationMode.Serialization)]
[JsonSerializable(typeof(Event))]
internal sealed partial class EventJson : JsonSerializerContext;

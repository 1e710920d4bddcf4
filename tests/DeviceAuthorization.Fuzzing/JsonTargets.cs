using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using DeviceAuthorization.Client;
using DeviceAuthorization.EntityFramework;
using DeviceAuthorization.Http;
using DeviceAuthorization.Redis;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using static DeviceAuthorization.Fuzzing.BrokenException;

namespace DeviceAuthorization.Fuzzing;

/// <summary>What reads JSON: requests of RomM's clients, settings with secrets, stored records, and the answers of a server.</summary>
internal static class JsonTargets
{
    private const string Accepted = "accepted";
    private const string Refused = "refused";
    private const string Marker = "zq9";

    private static readonly string[] Json = ["{", "}", "[", "]", ":", ",", "\"", "\\\"", "null", "true", "1", "1e9", "-1", "\\u0041", "\\ud800", "\\\\", "{\"a\":", "[[", "9223372036854775807"];
    private static readonly string[] Members =
        ["client", "requested_scopes", "client_device_identifier", "name", "platform", "client_version", "number_matching", "device_code", "client_id", "user_code", "approved_scopes", "device_name", "expires_in", "as_new_device", "ip_address", "mac_address", "hostname", "sync_mode", "sync_enabled", "sync_config", "capabilities", "password", "read", "90d", "api", "never"];

    private static readonly Device Known = TestData.NewDevice() with { Id = "1", SyncConfig = Document("""{"host":"nas","password":"zq9"}"""), Capabilities = new Dictionary<string, bool>(StringComparer.Ordinal) { ["a"] = true } };
    private static readonly string Hash = new('a', 64);
    private static readonly PairingClientOptions Pairs = new() { Server = new Uri("https://tv.example.com"), ClientId = "tv", Dialect = PairingDialect.RomM, Scope = "read", Device = new() { Name = "TV", Identifier = "tv-1" } };
    private static readonly SyncConfigColumn Configs = new(
        Options.Create(new DeviceAuthorizationOptions()), Options.Create(new EntityFrameworkStoreOptions { EncryptSyncConfig = true }), new EphemeralDataProtectionProvider());

    public static IEnumerable<Target> All =>
    [
        new("romm", [.. Json, .. Members.Select(member => $"\"{member}\"")], ["a start", "a poll", "an approval", "a denial", "a device", Refused], RomM),
        new("mask", [.. Json, "\"password\":", "\"token\":", "\"psk\":", "\"token_count\":", "\"********\"", "********", "password=", "api key: ", "<pin>", "=>"], [Accepted, Refused], Masking(document => document.ToMaskedJson())) { Longest = 2048, Executions = 4_000 },
        new("redis-record", [.. Json, "1 0 Pending ", "Approved", " 0 1 \"tv\"\n", "\"id\":\"6f9619ff-8b86-d011-b42d-00c04fc964ff\"", "\"u\":\"qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqo\"", "\"s\":[", "\"n\":", "\"c\":", "\"g\":{", "\"t\":", "\"e\":", "\"cl\":", "\"mn\":"], [Accepted, Refused], RedisRecord),
        new("rows", [.. Json, "dp1:", "\n", "read", " ", "{\"a\":true}", "-62135596800001", "253402300800000"], [Accepted, "damaged"], Rows) { Executions = 2_000 },
        new("answer", [.. Json, "200", "400", "503", "\n", "\"device_code\":", "\"user_code\":", "\"verification_uri\":", "\"https://a\"", "\"expires_in\":", "\"interval\":", "\"error\":", "\"authorization_pending\"", "\"slow_down\"", "\"access_denied\"", "\"access_token\":", "\"expires_at\":", "\"scopes\":", "\"detail\":", "\"match_number\":"], ["connected", "waiting", "a number", "ended", "trouble", "not started"], Answer) { Executions = 1_500 },
        new("saved", [.. Json, "access_token", "token_type", "server", "expires_at", "device_code", "\"https://tv.example.com\"", "\"2026-11-28T00:00:00Z\"", "lifetime", "slow_downs"], ["a token", "a pairing", Refused], Saved),
    ];

    /// <summary>The first byte chooses the reader.</summary>
    private static string RomM(byte[] input)
    {
        var (services, body) = (HttpTarget.Services, input.AsSpan(Math.Min(1, input.Length)).ToArray());
        var context = new DefaultHttpContext { RequestServices = services };
        context.Request.ContentType = "application/json";
        (context.Request.Body, context.Request.ContentLength) = (new MemoryStream(body), body.Length);
        switch ((input.Length > 0 ? input[0] : 0) % 5)
        {
            case 0 when Accepts(services.GetRequiredService<JsonDialect>().ReadStartAsync(context).Now(), out var start):
                Unless(IsVisible(start.Device.Name, 255) && IsVisible(start.ClientId, 50) && start.Device.Identifier is { } identifier && ReportedText.IsIdentifier(identifier, 255), "What a device says can be shown");
                Unless(start.Scopes.Count > 0 && start.Scopes.All(ScopeParameter.IsToken) && !start.RequiresClientId, "A start has scopes");
                return "a start";
            case 1 when Accepts(services.GetRequiredService<JsonDialect>().ReadPollAsync(context).Now(), out var poll):
                Unless(poll.IdempotencyKey is null && poll.ClientId is not "", "A poll has what was sent");
                return "a poll";
            case 2 when Accepts(services.GetRequiredService<ApproverJson>().ReadApprovalAsync(context.Request).Now(), out var approval):
                Unless(approval.Typed.Length is > 0 and <= 32 && approval.Approval!.Scopes.Count > 0 && approval.Approval.Scopes.All(ScopeParameter.IsToken), "An approval has a code and scopes");
                Unless(approval.Approval!.DeviceName is null || IsVisible(approval.Approval.DeviceName, 255), "A name can be shown");
                return "an approval";
            case 3 when Accepts(ApproverJson.ReadDenialAsync(context.Request).Now(), out var denial):
                Unless(denial.Typed.Length is > 0 and <= 32 && denial.Approval is null, "A denial has a code");
                return "a denial";
            case 4 when Accepts(services.GetRequiredService<DeviceBodies>().ReadAsync(context.Request).Now(), out var device):
                Changes(device.Change.Replace(Known, out var problem), problem, device.Change.Replace);
                Changes(device.Change.Merge(Known, out problem), problem, device.Change.Merge);
                return "a device";
            default:
                return Refused;
        }

        bool Accepts<T>(Parsed<T> parsed, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? value)
            where T : class
        {
            if (!parsed.TryGet(out value, out var refusal))
            {
                Unless((refusal as IStatusCodeHttpResult)?.StatusCode is 400 or 413 or 422, "A refusal is a 4xx");
                return false;
            }

            using var json = JsonDocument.Parse(body, new() { AllowDuplicateProperties = false }); // throws if a name is repeated
            return true;
        }
    }

    private delegate Device? Change(Device device, out string? problem);

    private static void Changes(Device? changed, string? problem, Change again)
    {
        Unless(changed is null == problem is not null, "A change that is refused has a reason");
        if (changed is null)
        {
            return;
        }

        var texts = new[] { (changed.Name, 255), (changed.Platform, 50), (changed.Client, 50), (changed.ClientVersion, 50), (changed.IpAddress, 45), (changed.MacAddress, 17), (changed.Hostname, 255) };
        Unless(texts.All(text => text.Item1 is null || IsVisible(text.Item1, text.Item2)) && !(changed.Capabilities?.Count > Device.MaxCapabilities), "A device's texts fit");
        Unless(again(changed, out problem) is { } same && Show(same) == Show(changed) && problem is null, "The same change again changes nothing");
        Unless(!Show(changed).Contains(Marker, StringComparison.Ordinal), "The JSON of a device has no secret");

        static string Show(Device device) => JsonSerializer.Serialize(DeviceSchema.From(device), RomMJson.Default.DeviceSchema);
    }

    private static bool IsVisible(string text, int longest) => text.Length <= longest && ReportedText.TryClean(text, longest, out var clean) && clean == text;

    /// <param name="show">How a document is shown: a broken way must be found.</param>
    public static Func<byte[], string> Masking(Func<SecretDocument, string> show) => input =>
    {
        if (!SecretDocument.TryParse(Encoding.UTF8.GetString(input), SecretKeys.Default, out var document, out var problem))
        {
            Unless(problem.Length > 0, "A refusal has a reason");
            return Refused;
        }

        var masked = show(document);
        Unless(SecretDocument.TryParse(masked, SecretKeys.Default, out var again, out _), "What is shown is a document");
        Unless(show(again) == masked, "Masking twice changes nothing");
        Unless(document.TryReplace(again, out var same, out _) && same.Equals(document), "A document that is sent back as shown stays as it is");
        Unless(!document.Reveal().Contains("null", StringComparison.Ordinal) && document.TryPatch(again, out same, out _) ? same.Equals(document) : true, "A patch that is sent as shown changes nothing");
        Unless(IsOnlyMasked(JsonNode.Parse(document.Reveal()), JsonNode.Parse(masked)), "What is not masked is unchanged");

        // The same document with other secrets.
        var planted = Plant(JsonNode.Parse(document.Reveal())!, isSecret: false, 0)!.ToJsonString();
        if (SecretDocument.TryParse(planted, SecretKeys.Default, out var secret, out _))
        {
            Unless(!show(secret).Contains(Marker, StringComparison.Ordinal), "No secret is shown");
        }

        // The document's text in front of a secret.
        var text = new JsonObject { ["note"] = $"{document.Reveal()[1..^1]} password={Marker}" }.ToJsonString();
        Unless(!SecretDocument.TryParse(text, SecretKeys.Default, out secret, out _) || !show(secret).Contains(Marker, StringComparison.Ordinal), "A text that gives a value to a secret key is not shown");
        return Accepted;
    };

    private static bool IsOnlyMasked(JsonNode? value, JsonNode? shown) => (value, shown) switch
    {
        (JsonObject members, JsonObject masked) => members.Count == masked.Count && members.All(member => masked.TryGetPropertyValue(member.Key, out var other) && IsOnlyMasked(member.Value, other)),
        (JsonArray elements, JsonArray masked) => elements.Count == masked.Count && elements.Zip(masked).All(pair => IsOnlyMasked(pair.First, pair.Second)),
        _ => JsonNode.DeepEquals(value, shown) || shown?.ToJsonString().Contains(SecretDocument.Mask, StringComparison.Ordinal) == true,
    };

    /// <summary>Replaces each value under a secret key by a marker, also in JSON in strings.</summary>
    private static JsonNode? Plant(JsonNode? value, bool isSecret, int depth)
    {
        switch (value)
        {
            case JsonObject members:
                return new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Plant(member.Value, isSecret || SecretKeys.Default.IsSecret(member.Key), depth + 1))));
            case JsonArray elements:
                return new JsonArray([.. elements.Select(element => Plant(element, isSecret, depth + 1))]);
            case null:
                return null;
            case var text when text.GetValueKind() == JsonValueKind.String && text.GetValue<string>() is var json && json.TrimStart() is ['{' or '[', ..] && TryParse(json) is { } inner:
                return Plant(inner, isSecret, depth)!.ToJsonString();
            default:
                return isSecret ? value.GetValueKind() == JsonValueKind.String && value.GetValue<string>().Length == 0 ? "" : Marker : value.DeepClone();
        }

        static JsonNode? TryParse(string json)
        {
            try
            {
                return JsonNode.Parse(json, null, new() { AllowDuplicateProperties = false });
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>Damaged records are none. What is read can be written, and then read as the same.</summary>
    private static string RedisRecord(byte[] input)
    {
        if (PairingRecord.Read(Hash, Encoding.UTF8.GetString(input)) is not { } pairing)
        {
            return Refused;
        }

        Unless(Enum.IsDefined(pairing.Status) && pairing.ClientId is not null && pairing.DeviceCodeHash == Hash, "A record has a status and a client");
        Unless(pairing.RequestedScopes.All(scope => scope is not null) && pairing.Grant?.Scopes.All(scope => scope is not null) != false, "A record has no scope that is null");
        var written = $"{PairingRecord.Layout} {PairingRecord.Head(pairing, pairing.Version)} {PairingRecord.Pace(pairing.Pacing)} {PairingRecord.Tail(pairing)}";
        Unless(PairingRecord.Read(Hash, written) is { } again && JsonSerializer.Serialize(again) == JsonSerializer.Serialize(pairing), "A record survives the way there and back");
        return Accepted;
    }

    /// <summary>The columns that are no plain values: settings, capabilities, scopes, a time, what a grant has.</summary>
    private static string Rows(byte[] input)
    {
        var columns = Encoding.UTF8.GetString(input).Split('\n');
        var row = DeviceRow.From(Known, Configs);
        (row.SyncConfig, row.Capabilities) = (columns[0], columns.ElementAtOrDefault(1));
        row.LastSeenAt = long.TryParse(columns.ElementAtOrDefault(2), CultureInfo.InvariantCulture, out var time) ? Math.Clamp(time, -62135596800000, 253402300799999) : null; // a database keeps what we write
        var pairing = PairingRow.From(TestData.NewPairing());
        (pairing.RequestedScopes, pairing.TokenSalt, pairing.GrantedScopes) = (columns.ElementAtOrDefault(3) ?? "", columns.ElementAtOrDefault(4), columns.ElementAtOrDefault(5));
        Unless(PairingRow.From(pairing.ToPairing()).ToPairing() is var same && JsonSerializer.Serialize(same) == JsonSerializer.Serialize(pairing.ToPairing()), "A row of a pairing survives the way there and back");
        try
        {
            var device = row.ToDevice(Configs);
            _ = device.SyncConfig!.Reveal();
            Unless(DeviceRow.From(device, Configs).ToDevice(Configs) is { } again && again.SyncConfig!.Equals(device.SyncConfig) && JsonSerializer.Serialize(again) == JsonSerializer.Serialize(device), "A row of a device survives the way there and back");
            return Accepted;
        }
        catch (InvalidOperationException damaged) when (damaged.Message.Contains("device 1", StringComparison.Ordinal))
        {
            return "damaged"; // as declared: the message names the device
        }
    }

    /// <summary>An answer to a start, and one to a poll: each has a status, a line for Retry-After, and a body. Between them is a NUL.</summary>
    private static string Answer(byte[] input)
    {
        var answers = new Queue<string>(Encoding.Latin1.GetString(input).Split('\0'));
        using var http = new HttpClient(new Server(answers));
        try
        {
            var clock = new Frozen();
            var pairing = new PairingClient(http, Pairs, clock).StartAsync().Now();
            Unless(pairing.UserCode.Length > 0 && pairing.VerificationUri.Scheme is "http" or "https", "What is shown can be shown");
            Unless(new PairingClient(http, Pairs, new Frozen()).Resume(pairing.Save()).Save() == pairing.Save(), "A pairing survives the way there and back");
            var progress = pairing.WatchAsync().GetAsyncEnumerator();
            var next = progress.MoveNextAsync();
            clock.Elapse();
            Unless(next.Now(), "A poll has a result");
            switch (progress.Current)
            {
                case PairingProgress.Connected { Token: var token }:
                    Unless(IssuedToken.Parse(token.Save()) is { } same && same.Save() == token.Save(), "A token survives the way there and back");
                    return "connected";
                case PairingProgress.Trouble:
                    return "trouble";
                case PairingProgress.Waiting:
                    return "waiting";
                case PairingProgress.ShowNumber:
                    return "a number";
                default:
                    return "ended";
            }
        }
        catch (PairingException)
        {
            return "not started";
        }
    }

    private static string Saved(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        try
        {
            var token = IssuedToken.Parse(text);
            Unless(IssuedToken.Parse(token.Save()).Save() == token.Save() && !token.ToString().Contains(Marker, StringComparison.Ordinal), "A token survives the way there and back");
            return "a token";
        }
        catch (FormatException)
        {
            // as declared; it may be a pairing
        }

        try
        {
            using var http = new HttpClient(new Server([]));
            var pairing = new PairingClient(http, Pairs, new Frozen()).Resume(text);
            Unless(new PairingClient(http, Pairs, new Frozen()).Resume(pairing.Save()).Save() == pairing.Save() && pairing.TimeLeft >= TimeSpan.Zero, "A pairing survives the way there and back");
            return "a pairing";
        }
        catch (FormatException)
        {
            return Refused;
        }
    }

    private static SecretDocument Document(string json) => SecretDocument.TryParse(json, SecretKeys.Default, out var document, out var problem) ? document : throw new ArgumentException(problem, nameof(json));

    /// <summary>Answers what the input says; nothing when the input is at its end.</summary>
    private sealed class Server(Queue<string> answers) : HttpMessageHandler
    {
        public Server(IEnumerable<string> answers)
            : this(new Queue<string>(answers))
        {
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!answers.TryDequeue(out var answer) || answer.Split('\n', 3) is not [var status, var retry, var body])
            {
                throw new HttpRequestException("no answer");
            }

            var response = new HttpResponseMessage((HttpStatusCode)(int.TryParse(status, CultureInfo.InvariantCulture, out var code) && code is >= 200 and < 600 ? code : 200))
            {
                Content = new ByteArrayContent(Encoding.Latin1.GetBytes(body)),
                RequestMessage = request,
            };
            response.Headers.TryAddWithoutValidation("Retry-After", retry);
            response.Headers.TryAddWithoutValidation("Preference-Applied", retry);
            return Task.FromResult(response);
        }
    }
}

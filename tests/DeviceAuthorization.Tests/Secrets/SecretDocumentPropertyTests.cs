using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using CsCheck;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>Random nested documents with secrets in them.</summary>
public sealed class SecretDocumentPropertyTests
{
    // Every secret has it, also as a number; nothing else has.
    private const string Marker = "90210";

    private static readonly string[] Secrets =
        ["ssh_password", "ssh_key_path", "password", "passphrase", "api_key", "private_key", "access_token", "client_secret", "token", "pin"];

    private static readonly JsonSerializerOptions[] Options =
    [
        new(),
        new(JsonSerializerDefaults.Web) { WriteIndented = true },
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, IncludeFields = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseUpper },
        new() { ReferenceHandler = ReferenceHandler.Preserve, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, PreferredObjectCreationHandling = JsonObjectCreationHandling.Populate },
    ];

    private static readonly Gen<string> SecretKey =
        Gen.Select(Gen.OneOf(Secrets), Gen.Bool.Array[24], Gen.OneOf("_", "-", "", " ", "."), (key, upper, separator) =>
            string.Concat(key.Select((letter, i) => letter == '_' ? separator : upper[i] ? $"{char.ToUpperInvariant(letter)}" : $"{letter}")));

    private static readonly Gen<JsonNode?> SecretValue = Gen.Int[0, 999].SelectMany(id => Gen.OneOf<Func<JsonNode?>>(
        () => $"{Marker}-{id}",
        () => long.Parse($"{Marker}{id:000}", System.Globalization.CultureInfo.InvariantCulture),
        () => new JsonArray($"{Marker}-{id}", new JsonObject { ["host"] = $"{Marker}-{id}" }),
        () => new JsonObject { ["host"] = $"{Marker}-{id}" },
        () => $$"""{"host":"{{Marker}}-{{id}}"}""").Select(make => make()));

    // Secrets in strings that are no JSON, or JSON too deep, under a harmless key.
    private static readonly Gen<JsonNode?> SecretText = Gen.OneOf<string>(
        $"host=nas;Password={Marker}",
        $"{{'token': '{Marker}'}}",
        $$"""{"pin":{{Marker}},"a":1,"a":2}""",
        Documents.Nested(40, $$"""{"p\u0061ssword":"{{Marker}}"}""")).Select(text => (JsonNode?)text);

    private static readonly Gen<JsonNode?> Harmless = Gen.OneOf<Func<JsonNode?>>(
        () => null, () => "", () => "nas.local", () => 22, () => true, () => 1.50m, () => "[roms]", () => "{ \"a\": [ 1 ] }").Select(make => make());

    private static readonly Gen<string> Json = ObjectAt(4).Select(document => document.ToJsonString()).Where(json => json.Length < 6_000);

    [Fact]
    public void No_secret_shows_in_anything_that_prints_or_serializes() => Json.Sample(json =>
    {
        var document = json.Document();
        var logs = new FakeLogger();
#pragma warning disable CA1848, CA1873 // the plain calls are the ones to test
        using (logs.BeginScope(new Dictionary<string, object?>(StringComparer.Ordinal) { ["config"] = document }))
        using (logs.BeginScope(document))
        using (logs.BeginScope("for {Config}", document))
        {
            logs.LogInformation(new InvalidOperationException($"no {document}"), "Saved {Config} and {@Again}", document, document);
        }
#pragma warning restore CA1848, CA1873

        var record = logs.LatestRecord;
        IEnumerable<string> shown =
        [
            document.ToString(),
            $"{new Holder(document)} {new { document }}",
            record.Message,
            record.Exception!.ToString(),
            .. record.StructuredState!.Select(pair => pair.Value ?? ""),
            .. record.Scopes.Select(scope => scope?.ToString() ?? ""),
            .. Options.SelectMany(options => new[]
            {
                JsonSerializer.Serialize(document, options),
                JsonSerializer.Serialize<object>(document, options),
                JsonSerializer.Serialize(new { document, list = new object[] { document } }, options),
                JsonSerializer.Serialize(new Holder(document), options),
                JsonSerializer.Serialize(new Dictionary<string, object>(StringComparer.Ordinal) { ["a"] = document }, options),
                JsonSerializer.Serialize(record.Scopes, options),
                JsonSerializer.SerializeToNode(document, options)!.ToJsonString(),
            }),
        ];
        Assert.All(shown, text => Assert.DoesNotContain(Marker, text, StringComparison.Ordinal));
        Assert.Contains("nas", JsonSerializer.Serialize(new Holder(document)), StringComparison.Ordinal);
    }, iter: 300);

    [Fact]
    public void The_documents_do_hold_secrets_at_depth_in_arrays_and_in_strings()
    {
        var seen = new List<string>();
        Json.Sample(json =>
        {
            lock (seen)
            {
                seen.Add(json);
            }
        }, iter: 300);

        Assert.True(seen.Count(json => json.Contains(Marker, StringComparison.Ordinal)) > 200);
        Assert.Contains(seen, json => json.Contains("""\\\\u0022""", StringComparison.OrdinalIgnoreCase) && json.Contains(Marker, StringComparison.Ordinal));
    }

    [Fact]
    public void Reveal_gives_back_what_was_read() => Json.Sample(json =>
    {
        var document = json.Document();
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(document.Reveal())));
        Assert.Equal(document, document.Reveal().Document());
        Assert.Equal(document, JsonSerializer.Deserialize<SecretDocument>(json));
    }, iter: 300);

    [Fact]
    public void Masking_twice_is_masking_once() => Json.Sample(json => Assert.Equal(json.Masked(), json.Masked().Masked()), iter: 300);

    [Fact]
    public void Sending_back_what_was_shown_changes_nothing() => Json.Sample(json =>
    {
        var document = json.Document();
        foreach (var options in Options)
        {
            var shown = JsonSerializer.Deserialize<SecretDocument>(JsonSerializer.Serialize(document, options))!;
            Assert.Equal(document, document.Replace(shown));
        }

        Assert.Equal(document, document.Patch(SecretDocument.Empty));
    }, iter: 300);

    // What is shown after any edit made of shown things: the one way by which a stored secret could come to stand under another key.
    [Fact]
    public void No_edit_brings_a_stored_secret_to_light() => Gen.Select(Json, Json).Sample((json, other) =>
    {
        var stored = json.Document();
        var edit = other.Masked().Document();
        Assert.DoesNotContain(Marker, stored.Replace(edit).ToMaskedJson(), StringComparison.Ordinal);
        Assert.DoesNotContain(Marker, stored.Patch(edit).ToMaskedJson(), StringComparison.Ordinal);
    }, iter: 300);

    private static Gen<JsonNode?> ValueAt(int depth) => depth == 0 ? Harmless : Gen.Frequency(
        (2, Harmless),
        (1, SecretText),
        (3, ObjectAt(depth - 1).Select(value => (JsonNode?)value)),
        (2, ValueAt(depth - 1).Array[0, 3].Select(values => (JsonNode?)new JsonArray([.. values.Select(value => value?.DeepClone())]))),
        (3, ObjectAt(depth - 1).Select(value => (JsonNode?)value.ToJsonString())));

    private static Gen<JsonObject> ObjectAt(int depth) => Gen.Select(
        Gen.Select(SecretKey, SecretValue).Array[0, 2],
        Gen.Select(Gen.OneOf("host", "save_directories", "token_count", "é", "servers"), ValueAt(depth)).Array[0, 3],
        (secrets, others) =>
        {
            var result = new JsonObject { ["name"] = "nas" };
            foreach (var (key, value) in secrets.Concat(others))
            {
                result[key] = value?.DeepClone();
            }

            return result;
        });

    private sealed record Holder(SecretDocument Config);
}

using System.Net;
using System.Text.Json.Nodes;
using CsCheck;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>Random settings with secrets in them, sent and read over HTTP.</summary>
public sealed class PlantedSecretTests
{
    // Every secret has it, also as a number; nothing else has: ids are hexadecimal, times fixed.
    private const string Marker = "7777777777777";

    private static readonly Gen<string> Keys = Gen.OneOf(
        "ssh_password", "sshPassword", "SSH-Password", "S S H.P A S S W O R D", "ssh_key_path", "SSHKEYPATH", "apiKey", "api-key", "client.secret", "Passphrase", "access_token",
        "PIN", "private_key", "my password 2");

    private static readonly Gen<JsonNode?> Secrets = Gen.Int[0, 99].SelectMany(id => Gen.OneOf<Func<JsonNode?>>(
        () => $"{Marker}{id}", () => long.Parse(Marker, System.Globalization.CultureInfo.InvariantCulture) + (id * 10_000_000_000_000L), () => new JsonArray($"{Marker}", new JsonObject { ["host"] = Marker }),
        () => $$"""{"host":["{{Marker}}"]}""", () => new JsonObject { ["a"] = new JsonObject { ["b"] = Marker } }).Select(make => make()));

    private static readonly Gen<JsonNode?> Harmless = Gen.OneOf<Func<JsonNode?>>(
        () => null, () => "", () => "nas.local", () => 22, () => true, () => $"password={Marker}", () => $$"""{"pin":"{{Marker}}" broken""").Select(make => make());

    private static readonly Gen<JsonNode> Documents = ObjectAt(4).Where(document => document.ToJsonString().Length < 3_000).Select(document => (JsonNode)document);

    [Fact]
    [Trait("Weakness", "D1")]
    public async Task A_planted_secret_is_in_no_answer_and_in_no_log()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        var (token, _) = await host.PairJsonAsync();
        var planted = 0;
        await Gen.Select(Documents, Documents, Gen.Bool).SampleAsync(
            async (first, second, byToken) =>
            {
                var client = byToken ? host.WithToken(token) : alice;
                string Body(JsonNode config) => new JsonObject { ["name"] = "n", ["sync_config"] = config.DeepClone() }.ToJsonString();
                var created = await client.RegisterAsync(Body(first));
                var path = $"{RegistryHost.Devices}/{created.Id}";
                Answer[] answers =
                [
                    created,
                    await client.CallAsync("GET", path),
                    await client.CallAsync("PATCH", path, Body(second)),
                    await client.CallAsync("PUT", path, Body(second)),
                    await client.CallAsync("PUT", path, (await client.CallAsync("GET", path)).Text),
                    await client.CallAsync("GET", RegistryHost.Devices),
                    await client.CallAsync("PUT", path, Body(first)[..^1]),
                    await client.CallAsync("DELETE", path),
                ];
                Assert.Equal([201, 200, 200, 200, 200, 200, 422, 204], answers.Select(answer => (int)answer.Status));
                Assert.All(answers, answer => Assert.DoesNotContain(Marker, answer.Text, StringComparison.Ordinal));
                Interlocked.Add(ref planted, first.ToJsonString().Contains(Marker, StringComparison.Ordinal) ? 1 : 0);
            },
            iter: 150,
            threads: 2,
            print: input => $"{input.Item1.ToJsonString()}\n{input.Item2.ToJsonString()}");

        Assert.True(planted > 50);
        var records = host.Logs.GetSnapshot();
        Assert.Contains(records, record => record.Level == Microsoft.Extensions.Logging.LogLevel.Trace || record.Level == Microsoft.Extensions.Logging.LogLevel.Debug);
        Assert.All(records, record => Assert.DoesNotContain(Marker, Everything(record), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Duplicate_keys_are_refused_and_so_none_of_them_shows()
    {
        await using var host = await RegistryHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        foreach (var config in new[]
        {
            $$"""{ "pin": 1, "pin": "{{Marker}}" }""", $$"""{ "host": "a", "host": "{{Marker}}" }""", $$"""{ "a": [{ "pin": "{{Marker}}", "\u0070in": 1 }] }""",
        })
        {
            var answer = await alice.RegisterAsync($$"""{ "sync_config": {{config}} }""");
            Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
            Assert.DoesNotContain(Marker, answer.Text, StringComparison.Ordinal);
        }

        // In a string it is an ordinary text, which names a secret: masked as a whole.
        var id = await alice.AddAsync($$"""{ "sync_config": { "text": "{\"pin\":\"{{Marker}}\",\"pin\":1}" } }""");
        Assert.DoesNotContain(Marker, (await alice.ShowAsync(id)).GetRawText(), StringComparison.Ordinal);
    }

    private static Gen<JsonNode?> ValueAt(int depth) => depth == 0 ? Harmless : Gen.Frequency(
        (2, Harmless),
        (2, ObjectAt(depth - 1).Select(value => (JsonNode?)value)),
        (2, ValueAt(depth - 1).Array[0, 3].Select(values => (JsonNode?)new JsonArray([.. values.Select(value => value?.DeepClone())]))),
        (2, ObjectAt(depth - 1).Select(value => (JsonNode?)value.ToJsonString())));

    private static Gen<JsonObject> ObjectAt(int depth) => Gen.Select(
        Gen.Select(Keys, Secrets).Array[0, 2],
        Gen.Select(Gen.OneOf("host", "paths", "é", "token_count", "servers"), ValueAt(depth)).Array[0, 3],
        (secrets, others) =>
        {
            var result = new JsonObject();
            foreach (var (key, value) in secrets.Concat(others))
            {
                result[key] = value?.DeepClone();
            }

            return result;
        });

    private static string Everything(FakeLogRecord record) => string.Join(
        '\n',
        [
            record.Message,
            $"{record.Exception}",
            .. record.StructuredState?.Select(pair => $"{pair.Key}={pair.Value}") ?? [],
            .. record.Scopes.SelectMany(scope => scope is IEnumerable<KeyValuePair<string, object?>> pairs ? pairs.Select(pair => $"{pair.Key}={pair.Value}") : [$"{scope}"]),
        ]);
}

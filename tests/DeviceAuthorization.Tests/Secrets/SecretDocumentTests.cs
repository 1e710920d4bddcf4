using System.Diagnostics;
using System.Text.Json;

namespace DeviceAuthorization.Tests;

public sealed class SecretDocumentTests
{
    private static readonly JsonSerializerOptions HostOptions =
        new() { Converters = { new SecretDocumentConverter(SecretKeys.Default.With("seed")) } };

    [Fact]
    public void Password_and_key_path_are_masked_and_the_rest_is_as_it_was() => Assert.Equal(
        """{"ssh_host":"192.168.1.20","ssh_port":22,"ssh_user":"ark","ssh_password":"********","ssh_key_path":"********","save_directories":[{"platform_slug":"gba","path":"/roms/gba"}]}""",
        """
        {
          "ssh_host": "192.168.1.20", "ssh_port": 22, "ssh_user": "ark",
          "ssh_password": "hunter2", "ssh_key_path": "/home/nas/.ssh/id_ed25519",
          "save_directories": [{ "platform_slug": "gba", "path": "/roms/gba" }]
        }
        """.Masked());

    [Theory]
    [InlineData("""{}""")]
    [InlineData("""{"ssh_host":"nas","ssh_port":22,"enabled":true,"rate":1e400,"none":null,"list":[1.0,"é","👾"]}""")]
    [InlineData("""{"note":"[Retro] {roms}","inner":"{ \"a\": [1, 2] }","title":"The Secret of Monkey Island: Special Edition"}""")]
    public void A_document_without_secrets_is_shown_unchanged(string json) =>
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(json), JsonElement.Parse(json.Masked())), json.Masked());

    [Theory]
    [InlineData("null", "null")]
    [InlineData("\"\"", "\"\"")]
    [InlineData("\" \"", "\"********\"")]
    [InlineData("\"x\"", "\"********\"")]
    [InlineData("0", "\"********\"")]
    [InlineData("false", "\"********\"")]
    [InlineData("{}", "\"********\"")]
    [InlineData("[\"x\"]", "\"********\"")]
    public void Under_a_secret_key_all_but_null_and_empty_becomes_the_mask(string value, string shown) =>
        Assert.Equal($$"""{"a":[{"password":{{shown}}}]}""", $$"""{"a":[{"password":{{value}}}]}""".Masked());

    [Fact]
    public void Keys_that_differ_in_spelling_only_are_masked_each() => Assert.Equal(
        """{"password":"********","Password":"********","pass-word":"********"}""",
        """{"password":"a","Password":"b","pass-word":"c"}""".Masked());

    [Fact]
    public void A_string_that_holds_JSON_is_masked_inside() => Assert.Equal(
        """{"rclone":["{\"nas\":\"[{\\\"api_key\\\":\\\"********\\\",\\\"port\\\":1}]\"}"]}""",
        """{"rclone":["\n { \"nas\": \"[{\\\"api_key\\\": \\\"x\\\", \\\"port\\\": 1}]\" } "]}""".Masked());

    [Fact]
    public void A_deferred_document_is_read_once_when_somebody_asks_for_its_content()
    {
        var reads = 0;
        Assert.True(SecretDocument.TryParse("""{"password":"x","port":22}""", SecretKeys.Default, out var document, out _));
        var deferred = SecretDocument.Deferred(() =>
        {
            reads++;
            return document;
        });
        Assert.Equal(("SecretDocument(***)", true, 0), (deferred.ToString(), deferred.Equals(deferred), reads));
        Assert.Equal((document.Reveal(), document.ToMaskedJson()), (deferred.Reveal(), deferred.ToMaskedJson()));
        Assert.Equal((document, 1), (deferred, reads));
    }

    [Fact]
    public void A_deferred_document_that_cannot_be_read_fails_where_its_content_is_needed()
    {
        var deferred = SecretDocument.Deferred(() => throw new InvalidOperationException("The key is lost."));
        Assert.Equal("The key is lost.", Assert.Throws<InvalidOperationException>(deferred.Reveal).Message);
        Assert.Throws<InvalidOperationException>(deferred.ToMaskedJson);
        Assert.Throws<InvalidOperationException>(() => JsonSerializer.Serialize(deferred));
        Assert.Throws<InvalidOperationException>(() => deferred.TryPatch(SecretDocument.Empty, out _, out _));
    }

    [Theory]
    [InlineData("Server=nas;User=me;Password=x")]
    [InlineData("[nas]\napi key : x")]
    [InlineData("{'token': 'x'}")]
    [InlineData("""{"password":"x","a":1,"a":2}""")]
    [InlineData("""{"p\u0061ssword":"x","a":1,"a":2}""")]
    [InlineData("""{"password":"x" """)]
    [InlineData("""{"pin":"\ud800"}""")]
    [InlineData("""{"passw\u006frd":"\ud800"}""")]
    [InlineData("""{"secret":"x"}{"secret":"y"}""")]
    [InlineData("""{"secret":"x",/**/}""")]
    [InlineData("""
        "{\"password\":\"x\"}"
        """)]
    [InlineData("<Pin>1234</Pin>")]
    [InlineData("https://nas/sync?a=1&access_token=x")]
    [InlineData("--password=x")]
    public void A_text_that_is_no_JSON_but_gives_a_secret_is_masked_whole(string text)
    {
        var json = JsonSerializer.Serialize(new { note = text });

        Assert.Equal("""{"note":"********"}""", json.Masked());
        Assert.Equal(json.Document(), json.Document().Replace(json.Masked().Document()));
    }

    [Theory]
    [InlineData("C:\\roms\\secret")]
    [InlineData("https://nas:8080/a=b")]
    [InlineData("[12:30] synced {ok}")]
    [InlineData("no password here, move on: all is well")]
    [InlineData("{ not JSON")]
    public void A_text_that_only_mentions_one_stays_readable(string text) =>
        Assert.Equal(text, JsonElement.Parse(JsonSerializer.Serialize(new { note = text }).Masked()).GetProperty("note").GetString());

    [Fact]
    public void JSON_in_a_string_is_looked_into_as_deep_as_a_document_may_be_and_masked_whole_below()
    {
        // The string stands one level deep; so its own 31 levels make 32.
        var deep = JsonSerializer.Serialize(new { text = Documents.Nested(31) });
        var deeper = JsonSerializer.Serialize(new { text = Documents.Nested(32) });

        Assert.Equal(deep.Document().Reveal(), deep.Masked());
        Assert.Equal("""{"text":"********"}""", deeper.Masked());
        Assert.Equal("""{"text":"********"}""", JsonSerializer.Serialize(new { text = new string('[', 5_000) }).Masked());
    }

    [Fact]
    public void Nothing_but_Reveal_gives_the_secrets()
    {
        var document = """{"ssh_password":"hunter2"}""".Document();

        Assert.Equal("SecretDocument(***)", document.ToString());
        Assert.Equal("""{"ssh_password":"hunter2"}""", document.Reveal());
        Assert.DoesNotContain(typeof(SecretDocument).GetProperties(), property => !property.GetMethod!.IsStatic);
    }

    [Fact]
    public void Every_serializer_masks_the_keys_of_the_host_too()
    {
        var document = """{"seed":"hunter2","a":1}""".Document(SecretKeys.Default.With("seed"));

        Assert.Equal("""{"seed":"********","a":1}""", JsonSerializer.Serialize(document));
        Assert.Equal("""{"seed":"********","a":1}""", JsonSerializer.Serialize("""{"seed":"hunter2","a":1}""".Document().With(SecretKeys.Default.With("seed"))));
        Assert.Contains("********", JsonSerializer.Serialize(SecretDocument.Empty.Replace(document)), StringComparison.Ordinal);
        Assert.Contains("********", JsonSerializer.Serialize(document.Patch("""{"b":2}""".Document())), StringComparison.Ordinal);
    }

    [Fact]
    public void The_converter_reads_raw_with_the_keys_it_was_given()
    {
        var document = JsonSerializer.Deserialize<SecretDocument>("""{"seed":"x","password":"y"}""", HostOptions)!;

        Assert.Equal("""{"seed":"x","password":"y"}""", document.Reveal());
        Assert.Equal("""{"seed":"********","password":"********"}""", JsonSerializer.Serialize(document));
        Assert.Null(JsonSerializer.Deserialize<SecretDocument>("null"));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"hunter2\"")]
    [InlineData("""{"a":{"hunter2":1,"hunter2":2}}""")]
    public void The_converter_refuses_what_is_no_document_without_repeating_it(string json)
    {
        var refusal = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<SecretDocument>(json));
        Assert.DoesNotContain("hunter2", refusal.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("1")]
    [InlineData("{}{}")]
    [InlineData("{")]
    [InlineData("""{"a":1,}""")]
    [InlineData("""{/**/}""")]
    [InlineData("""{"a":1,"a":2}""")]
    [InlineData("""{"a":1,"\u0061":2}""")]
    [InlineData("""{"a":[{"b":1,"b":2}]}""")]
    [InlineData("""{"a":"\ud800"}""")]
    [InlineData("""{"\udc00":1}""")]
    public void What_is_no_JSON_object_with_distinct_names_is_refused_with_a_sentence(string? json)
    {
        Assert.False(SecretDocument.TryParse(json, SecretKeys.Default, out var document, out var problem));
        Assert.Null(document);
        Assert.EndsWith(".", problem, StringComparison.Ordinal);
    }

    // No theory: metadata is UTF-8 and cannot hold it.
    [Fact]
    public void Half_a_surrogate_pair_is_refused() =>
        Assert.False(SecretDocument.TryParse("{\"a\":\"\ud800\"}", SecretKeys.Default, out _, out _));

    [Fact]
    public void Thirty_two_levels_are_read_and_no_more()
    {
        Assert.True(SecretDocument.TryParse(Documents.Nested(32), SecretKeys.Default, out _, out _));
        Assert.False(SecretDocument.TryParse(Documents.Nested(33), SecretKeys.Default, out _, out _));
    }

    [Theory]
    [InlineData("a", 16 * 1024 - 8)]
    [InlineData("é", 8 * 1024 - 4)]
    public void Sixteen_KiB_of_UTF_8_are_read_and_no_more(string letter, int count)
    {
        var fits = string.Concat(Enumerable.Repeat(letter, count));

        Assert.True(SecretDocument.TryParse($$"""{"a":"{{fits}}"}""", SecretKeys.Default, out var document, out _));
        Assert.Equal($$"""{"a":"{{fits}}"}""", document.Reveal());
        Assert.False(SecretDocument.TryParse($$"""{"a":"{{fits}}a"}""", SecretKeys.Default, out _, out var problem));
        Assert.Equal("The document is larger than 16 KiB.", problem);
    }

    [Fact]
    public void What_is_shown_can_be_sent_back_so_the_masks_count_too()
    {
        var pins = "{\"a\":[" + string.Join(',', Enumerable.Repeat("""{"pin":1}""", 1_200)) + "]}";

        Assert.True(pins.Length < SecretDocument.MaxBytes);
        Assert.False(SecretDocument.TryParse(pins, SecretKeys.Default, out _, out _));
    }

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000_000)]
    public void Depth_and_size_beyond_reason_are_refused_at_once(int length)
    {
        var clock = Stopwatch.StartNew();
        foreach (var text in new[] { Documents.Nested(length / 5), new string('[', length), $$"""{"a":"{{new string('[', length)}}"}""" })
        {
            // The bound is on the stack and on time; a string of brackets is small enough to be a document, and shown as a mask.
            if (SecretDocument.TryParse(text, SecretKeys.Default, out var document, out _))
            {
                Assert.Equal("""{"a":"********"}""", document.ToMaskedJson());
                Assert.True(length < SecretDocument.MaxBytes);
            }
        }

        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), clock.Elapsed.ToString());
    }

    [Fact]
    public void Documents_are_equal_by_what_they_hold()
    {
        var document = """{ "a": 1 }""".Document();

        Assert.Equal(document, """{"\u0061":1}""".Document(SecretKeys.Default.With("a")));
        Assert.Equal(document.GetHashCode(), """{"a":1}""".Document().GetHashCode());
        Assert.NotEqual(document, """{"a":2}""".Document());
    }
}

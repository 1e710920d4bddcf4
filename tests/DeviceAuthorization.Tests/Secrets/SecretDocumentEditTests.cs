namespace DeviceAuthorization.Tests;

public sealed class SecretDocumentEditTests
{
    private const string Stored =
        """{"ssh_host":"nas","ssh_password":"hunter2","servers":[{"name":"a","token":"ta"},{"name":"b","token":"tb"}],"none":{"pin":null}}""";

    [Theory]
    [InlineData("""{"ssh_password":"********"}""", """{"ssh_password":"hunter2"}""")]
    [InlineData("""{"ssh_password":"new"}""", """{"ssh_password":"new"}""")]
    [InlineData("""{"ssh_password":null}""", """{"ssh_password":null}""")]
    [InlineData("""{"ssh_password":""}""", """{"ssh_password":""}""")]
    [InlineData("""{"ssh_host":"nas2"}""", """{"ssh_host":"nas2"}""")]
    [InlineData("""{}""", """{}""")]
    [InlineData("""{"ssh_host":"********"}""", """{"ssh_host":"********"}""")]
    [InlineData("""{"label":"********","labels":["********"]}""", """{"label":"********","labels":["********"]}""")]
    [InlineData("""{"sshPassword":"********"}""", """{}""")]
    [InlineData("""{"a":{"ssh_password":"********"}}""", """{"a":{}}""")]
    [InlineData("""{"none":{"pin":"********"}}""", """{"none":{"pin":null}}""")]
    [InlineData("""{"servers":[{"name":"a2","token":"********"},{"token":"new"},{"name":"c","token":"********"}]}""",
        """{"servers":[{"name":"a2","token":"ta"},{"token":"new"},{"name":"c"}]}""")]
    [InlineData("""{"servers":{"token":"********"}}""", """{"servers":{}}""")]
    public void A_PUT_keeps_what_is_masked_and_takes_everything_else(string incoming, string result) =>
        Assert.Equal(result, Stored.Document().Replace(incoming.Document()).Reveal());

    [Theory]
    [InlineData("""{}""", Stored)]
    [InlineData("""{"ssh_password":"new"}""",
        """{"ssh_host":"nas","ssh_password":"new","servers":[{"name":"a","token":"ta"},{"name":"b","token":"tb"}],"none":{"pin":null}}""")]
    [InlineData("""{"ssh_password":null,"servers":null,"none":null,"absent":null}""", """{"ssh_host":"nas"}""")]
    [InlineData("""{"ssh_password":"********","servers":null,"none":{"pin":"********","a":1},"api_key":"********","b":{"token":"********","c":null}}""",
        """{"ssh_host":"nas","ssh_password":"hunter2","none":{"pin":null,"a":1},"b":{}}""")]
    [InlineData("""{"ssh_host":"********","ssh_password":null,"servers":[{"name":"z","token":"********"}],"none":1}""",
        """{"ssh_host":"********","servers":[{"name":"z","token":"ta"}],"none":1}""")]
    public void A_PATCH_changes_only_what_it_names(string patch, string result) =>
        Assert.Equal(result, Stored.Document().Patch(patch.Document()).Reveal());

    // RFC 7396, appendix A, the cases whose root is an object on both sides.
    [Theory]
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""{"a":"b"}""", """{"a":[null]}""", """{"a":[null]}""")]
    public void A_PATCH_is_a_JSON_merge_patch(string stored, string patch, string result) =>
        Assert.Equal(result, stored.Document().Patch(patch.Document()).Reveal());

    [Fact]
    public void Masks_inside_of_a_secret_value_are_resolved_too()
    {
        var stored = """{"credentials":{"user":"me","password":"x","keys":["k0"]}}""".Document();
        var incoming = """{"credentials":{"user":"you","password":"********","keys":["********","k1","********"]}}""".Document();

        Assert.Equal("""{"credentials":{"user":"you","password":"x","keys":["k0","k1"]}}""", stored.Replace(incoming).Reveal());
        Assert.Equal("""{"credentials":{"user":"you","password":"x","keys":["k0","k1"]}}""", stored.Patch(incoming).Reveal());
    }

    [Fact]
    public void Masks_in_JSON_inside_of_a_string_are_resolved_too()
    {
        var stored = """{"remote":"{ \"host\": \"nas\", \"password\": \"x\" }"}""".Document();

        Assert.Equal(stored, stored.Replace(stored.ToMaskedJson().Document()));
        Assert.Equal(
            """{"remote":"{\"host\":\"nas2\",\"password\":\"x\"}"}""",
            stored.Replace("""{"remote":"{\"host\":\"nas2\", \"password\":\"********\",\"token\":\"********\"}"}""".Document()).Reveal());
        Assert.Equal("""{"other":"{}"}""", stored.Replace("""{"other":"{\"password\":\"********\"}"}""".Document()).Reveal());
        Assert.Equal(
            """{"remote":"{\"password\":\"y\"}"}""",
            stored.Patch("""{"remote":"{\"password\":\"y\"}"}""".Document()).Reveal());
    }

    [Fact]
    public void A_new_document_made_of_masks_holds_none() =>
        Assert.Equal("""{"a":1}""", SecretDocument.Empty.Replace("""{"ssh_password":"********","a":1}""".Document()).Reveal());

    [Fact]
    public void A_key_that_only_one_side_knows_as_secret_counts_for_both()
    {
        var stored = """{"seed":"x"}""".Document(SecretKeys.Default.With("seed"));
        Assert.Equal("""{"seed":"x"}""", stored.Replace("""{"seed":"********"}""".Document()).Reveal());
        Assert.Equal("""{"seed":"********"}""", stored.Replace("""{"seed":"y"}""".Document()).ToMaskedJson());
    }

    [Fact]
    public void Edits_cannot_grow_a_document_past_its_limit()
    {
        var half = new string('a', 9_000);
        var stored = $$"""{"password":"{{half}}"}""".Document();
        var incoming = $$"""{"password":"********","b":"{{half}}"}""".Document();

        Assert.False(stored.TryReplace(incoming, out _, out var put));
        Assert.False(stored.TryPatch(incoming, out _, out var patch));
        Assert.Equal("The document is larger than 16 KiB.", put);
        Assert.Equal(put, patch);
    }
}

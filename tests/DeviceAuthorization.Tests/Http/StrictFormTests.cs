using System.Text;
using CsCheck;
using DeviceAuthorization.Http;

namespace DeviceAuthorization.Tests;

/// <summary>The parser of forms: RFC 6749 App. B, and each pitfall of ASP.NET Core's own that it is there for.</summary>
public sealed class StrictFormTests
{
    private static readonly string[] Known = ["client_id", "scope"];

    [Fact]
    public void Whatever_the_bytes_it_never_throws_and_says_what_is_wrong()
    {
        var bytes = Gen.OneOf(
            Gen.Byte.Array[0, 200],
            Gen.OneOf("&", "=", "%", "+", "%00", "%FF", "%zz", "%4", "client_id", "scope", "é", "%C3%A9", ";", "a", "%ED%A0%80")
                .Array[0, 60].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts))));
        bytes.Sample(
            body => Assert.Equal(StrictForm.TryParse(body, Known, out var form, out var problem), form is not null && problem is null),
            iter: 20_000);
    }

    [Fact]
    public async Task What_dotnet_writes_is_read_as_it_was()
    {
        var text = Gen.String[Gen.Frequency((3, Gen.Char['\u0001', '~']), (1, Gen.Char['\u0001', '\uFFFF'])), 0, 40].Where(IsWellFormed);
        await Gen.Select(text, text).SampleAsync(
            async (clientId, scope) =>
            {
                using var content = new FormUrlEncodedContent([KeyValuePair.Create("client_id", clientId), KeyValuePair.Create("scope", scope)]);
                var form = Parse(await content.ReadAsByteArrayAsync());
                Assert.Equal(clientId.Length > 0 ? clientId : null, form["client_id"]);
                Assert.Equal(scope.Length > 0 ? scope : null, form["scope"]);
            },
            iter: 5_000);
    }

    [Theory]
    [InlineData("client_id=a", "a")]
    [InlineData("client_id=a=b=", "a=b=")]
    [InlineData("client_id=a+b%20c%2B", "a b c+")]
    [InlineData("client_id=%c3%A9é", "éé")]
    [InlineData("&&client_id=a&&", "a")]
    [InlineData("=x&client_id=a", "a")]
    [InlineData("client_id=a;scope=b", "a;scope=b")] // a semicolon separates nothing
    [InlineData("c%6Cient_id=a", "a")]
    [InlineData("client_id=%F0%9F%93%BA", "\U0001F4FA")]
    [InlineData("client_id=", null)]
    [InlineData("client_id", null)]
    [InlineData("CLIENT_ID=a", null)]
    [InlineData("client_id%20=a", null)]
    [InlineData("client-id=a", null)]
    [InlineData("", null)]
    public void A_value_is_decoded_once_and_names_are_compared_by_case(string body, string? clientId) =>
        Assert.Equal(clientId, Parse(body)["client_id"]);

    [Theory]
    [InlineData("client_id=a&client_id=b")]
    [InlineData("client_id=a&client_id=a")]
    [InlineData("client_id=a&client_id=")]
    [InlineData("client_id&client_id")]
    [InlineData("client_id=a&client%5fid=b")]
    public void A_known_parameter_comes_once(string body)
    {
        Assert.Equal("The parameter client_id is repeated.", Problem(body));
    }

    [Theory]
    [InlineData("x=1&x=2&client_id=a")]
    [InlineData("client_id=a&CLIENT_ID=b&Client_Id=c")]
    public void An_unknown_parameter_may_come_often(string body) => Assert.Equal("a", Parse(body)["client_id"]);

    [Theory]
    [InlineData("client_id=%00")]
    [InlineData("client_id=a\0b")]
    [InlineData("%00=a")]
    [InlineData("client_id=%zz")]
    [InlineData("client_id=%4")]
    [InlineData("client_id=%")]
    [InlineData("client_id=%4&x=1")] // the digits do not reach into the next pair
    [InlineData("client_id=%u0041")]
    [InlineData("client_id=%FF%FE")]
    [InlineData("client_id=%C0%AF")] // overlong
    [InlineData("client_id=%ED%A0%80")] // half a surrogate pair
    [InlineData("client_id=%F4%90%80%80")] // beyond Unicode
    [InlineData("client_id=%C3")]
    [InlineData("x=%FF")]
    public void Broken_encodings_are_refused_wherever_they_are(string body) =>
        Assert.Equal("A parameter is too long or not encoded as UTF-8 in percent-encoding.", Problem(body));

    [Theory]
    [InlineData(49, true)]
    [InlineData(50, true)]
    [InlineData(51, false)]
    [InlineData(1025, false)]
    public void There_are_at_most_50_parameters(int count, bool read) =>
        Assert.Equal(read ? null : "Too many parameters.", ProblemOrNull(string.Join('&', Enumerable.Repeat("x=1", count))));

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void A_name_has_at_most_64_bytes(int length, bool read)
    {
        Assert.Equal(read, ProblemOrNull($"{new string('n', length)}=1") is null);
        Assert.Equal(read, ProblemOrNull($"{string.Concat(Enumerable.Repeat("%6E", length))}=1") is null); // decoded bytes count
    }

    [Theory]
    [InlineData(4095, true)]
    [InlineData(4096, true)]
    [InlineData(4097, false)]
    public void A_value_has_at_most_4096_bytes(int length, bool read)
    {
        Assert.Equal(read, ProblemOrNull($"client_id={new string('v', length)}") is null);
        Assert.Equal(read, ProblemOrNull($"x={string.Concat(Enumerable.Repeat("%76", length))}") is null);
    }

    private static bool IsWellFormed(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);

    private static StrictForm Parse(string body) => Parse(Encoding.UTF8.GetBytes(body));

    private static StrictForm Parse(byte[] body)
    {
        Assert.True(StrictForm.TryParse(body, Known, out var form, out var problem), problem);
        return form;
    }

    private static string Problem(string body)
    {
        Assert.False(StrictForm.TryParse(Encoding.UTF8.GetBytes(body), Known, out _, out var problem));
        return problem;
    }

    private static string? ProblemOrNull(string body) =>
        StrictForm.TryParse(Encoding.UTF8.GetBytes(body), Known, out _, out var problem) ? null : problem;
}

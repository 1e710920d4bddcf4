using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using DeviceAuthorization.Http.Flow;
using DeviceAuthorization.Pages;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;
using static DeviceAuthorization.Fuzzing.BrokenException;

namespace DeviceAuthorization.Fuzzing;

/// <summary>What reads forms, headers, cookies and what people type.</summary>
internal static partial class TextTargets
{
    private const string Accepted = "accepted";
    private const string Refused = "refused";

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);
    private static readonly string[] Known = [.. FormDialect.Known];

    private static readonly UserCodeFormat[] Formats =
        [UserCodeFormat.Standard, UserCodeFormat.Large, UserCodeFormat.Numeric, UserCodeFormat.RomM, new() { Alphabet = "ACDEFHJKMNPRTUWXY3479" }];

    /// <summary>A token whose checksum is right, the same in each run.</summary>
    public static readonly DeviceToken Token =
        DeviceToken.Derive(DeviceCode.TryParse(new string('A', 43), out var code) ? code : throw new InvalidOperationException(), "salt", "da_");

    public static IEnumerable<Target> All =>
    [
        new("form", [.. Known, "%20", "%C3%A9", "%00", "%ff", "&&", "=&", "+", "%"], [Accepted, Refused], Form) { Longest = 2048 },
        new("client", ["Basic ", "basic ", "Bearer ", "\n", "client_id=", "client_secret=", "tv", "&", "dHY6", "Y29uZmlkZW50aWFsOg==", "Y29uZmlkZW50aWFsOmhUM2tROXZXejdMbU4yYlhjNVJmWXA=", "confidential", Secret, "%74"], ["accepted by Basic", "accepted by form", "accepted by secret", Refused], Client),
        new("bearer", ["Bearer ", "bearer ", "Basic ", " ", "da_", Token.Reveal(), "="], ["a token of ours", "another token", "other credentials"], Bearer),
        new("user-code", ["WDJB", "-", "\uff37\uff24", "\u0131", "\u017f", "\u212a", "0", "O", "1", "I", "L", "2", "5", "8", "U", "V", " "], [Accepted, Refused], UserCode) { Longest = 128 },
        new("headers", ["wait=", "wait", "10", "300", "301", "4294967296", "respond-async", "; ", ", ", "\"", "\\", "=", "\n", "\nk", "return=minimal"], ["waits", "does not wait", "a key", "no key", "a wrong key"], Headers) { Longest = 256 },
        new("text", ["\u200b", "\u202e", "\u0301", "\u3164", "\ufffd", "\u2028", "read", " ", "offline_access", "\ud83d\ude00", "\\"], ["clean", "empty", Refused, "scopes"], Text),
        new("network", ["::ffff:", "64:ff9b::", "2001:db8:", "10.", "192.168.", "127.0.0.1", "::", "/", "%eth0", "\n", "0x7f", "fe80::"], ["an address", "no address"], Address) { Longest = 128 },
        new("browser", ["zh", "-Hant", "-HK", "en", "de", ";q=0", ",", "*", "\n", "da.language=", "9223372036854775807", "253402300800000", "he"], ["another language", "English", "a stamp", "no stamp"], Browser) { Longest = 256 },
    ];

    /// <summary>The secret of the client "confidential".</summary>
    public const string Secret = "hT3kQ9vWz7LmN2bXc5RfYp";

    /// <summary>The form parser gives what a slow and simple parser gives, and what it gives can be sent again.</summary>
    private static string Form(byte[] input)
    {
        var isForm = StrictForm.TryParse(input, Known, out var form, out var problem);
        var expected = SimpleForm(input);
        Unless(isForm == expected is not null, $"The form parsers agree on what is a form: {problem}");
        if (form is null || expected is null)
        {
            return Refused;
        }

        Unless(Known.All(name => form[name] == (expected.GetValueOrDefault(name) is { Length: > 0 } value ? value : null)), "The form parsers agree on the values");
        var again = string.Join('&', Known.Where(name => form[name] is not null).Select(name => $"{name}={WebUtility.UrlEncode(form[name])}"));
        Unless(StrictForm.TryParse(Encoding.ASCII.GetBytes(again), Known, out var same, out _) && Known.All(name => same[name] == form[name]), "A form survives the way there and back");
        var read = new FormCollection(expected.ToDictionary(field => field.Key, field => new StringValues(field.Value), StringComparer.Ordinal));
        Unless(StrictForm.TryTake(read, Known, out same, out _) && Known.All(name => same[name] == form[name]), "A form that the host has read is the same");
        Unless(!StrictForm.TryParse([.. input, .. "&scope=a&scope="u8], Known, out _, out _), "A repeated parameter is refused");
        return Accepted;
    }

    private static Dictionary<string, string>? SimpleForm(byte[] input)
    {
        var fields = Encoding.Latin1.GetString(input).Split('&', StringSplitOptions.RemoveEmptyEntries);
        var form = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in fields)
        {
            var (name, value) = (Decode(field.Split('=', 2)[0], 64), Decode(field.Split('=', 2) is [_, var after] ? after : "", 4096));
            if (name is null || value is null || (Known.Contains(name, StringComparer.Ordinal) && !form.TryAdd(name, value)))
            {
                return null;
            }
        }

        return fields.Length > StrictForm.MaxFields ? null : form;

        static string? Decode(string text, int longest)
        {
            if (BrokenPercent().IsMatch(text))
            {
                return null;
            }

            var bytes = Encoding.Latin1.GetBytes(Percent().Replace(text.Replace('+', ' '), match => ((char)Convert.ToByte(match.Groups[1].Value, 16)).ToString()));
            try
            {
                return bytes.Length <= longest && Strict.GetString(bytes) is var decoded && !decoded.Contains('\0', StringComparison.Ordinal) ? decoded : null;
            }
            catch (DecoderFallbackException)
            {
                return null;
            }
        }
    }

    /// <summary>Lines of <c>Authorization</c>, an empty line, a form. The host knows the public client "tv", and "confidential" with a secret.</summary>
    private static string Client(byte[] input)
    {
        var text = Encoding.Latin1.GetString(input).Split("\n\n", 2);
        var headers = text[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        if (!StrictForm.TryParse(Encoding.Latin1.GetBytes(text.ElementAtOrDefault(1) ?? ""), Known, out var form, out _))
        {
            return Refused;
        }

        var basic = headers is [var only] ? ReadBasic(only) : null;
        var accepted = Identify(headers, form);
        if (accepted is null)
        {
            var isPublic = headers.Length == 0 && form["client_id"] == "tv" && form["client_secret"] is null;
            Unless(!isPublic, "A public client may name itself in the form");
            return Refused;
        }

        Unless(headers.Length < 2, "Two Authorization headers are refused");
        Unless(headers.Length == 0 || basic is not null, "Only what RFC 7617 calls Basic is Basic");
        Unless(basic is null || form["client_secret"] is null, "A client that authenticates in two ways is refused (RFC 6749 2.3)");
        Unless(accepted == (basic?.Id ?? form["client_id"]), "The client is the one that it names");
        Unless(basic is null || form["client_id"] is null || form["client_id"] == accepted, "A client with two names is refused");
        var secret = basic is { Secret: var password } ? password : form["client_secret"] ?? "";
        Unless(accepted == "tv" ? secret.Length == 0 : accepted == "confidential" && secret == Secret, "A client proves its secret, and no other has one");
        return secret.Length > 0 ? "accepted by secret" : basic is null ? "accepted by form" : "accepted by Basic";
    }

    private static string? Identify(string[] headers, StrictForm form)
    {
        var context = new DefaultHttpContext { RequestServices = HttpTarget.Services };
        context.Request.Headers.Authorization = headers;
        return HttpTarget.Services.GetRequiredService<ClientCredentials>().IdentifyAsync(context, form).Now().TryGet(out var id, out _) ? id : null;
    }

    /// <summary>RFC 7617 §2, with the form-encoding of RFC 6749 §2.3.1 inside.</summary>
    private static (string Id, string Secret)? ReadBasic(string header)
    {
        if (BasicHeader().Match(header) is not { Success: true } match)
        {
            return null;
        }

        try
        {
            var pair = Encoding.Latin1.GetString(Convert.FromBase64String(match.Groups[1].Value)).Split(':', 2);
            return pair is [{ Length: > 0 } id, var secret] ? (Uri.UnescapeDataString(id.Replace('+', ' ')), Uri.UnescapeDataString(secret.Replace('+', ' '))) : null;
        }
        catch (FormatException)
        {
            return null;
        }
    }

    private static string Bearer(byte[] input)
    {
        var header = Encoding.Latin1.GetString(input);
        var token = DeviceTokenHandler.Bearer(header);
        Unless(token is null == !header.StartsWith("bearer ", StringComparison.OrdinalIgnoreCase), "Only credentials of the scheme Bearer are a bearer token");
        _ = DeviceCode.TryParse(header, out var code);
        Unless(code is null ? !DeviceCodeText().IsMatch(header) : DeviceCodeText().IsMatch(header) && code.Reveal() == header, "A device code has 43 characters of base64url");
        if (!DeviceToken.TryParse(token, "da_", out var ours))
        {
            return token is null ? "other credentials" : "another token";
        }

        Unless(BearerHeader().IsMatch(header), "A token of ours is a b64token (RFC 6750 2.1)");
        Unless(ours.Reveal() == token, "A token is what was sent");
        for (var at = 0; at < token.Length; at++)
        {
            var other = token[..at] + (token[at] == 'x' ? 'y' : 'x') + token[(at + 1)..];
            Unless(!DeviceToken.TryParse(other, "da_", out _), "A token with another character is refused");
        }

        Unless(!DeviceToken.TryParse(token, "db_", out _) && !DeviceToken.TryParse(token + "0", "da_", out _), "A token with another prefix or length is refused");
        return "a token of ours";
    }

    /// <summary>The first byte chooses the format.</summary>
    private static string UserCode(byte[] input)
    {
        var format = Formats[(input.Length > 0 ? input[0] : 0) % Formats.Length];
        var typed = Encoding.UTF8.GetString(input.AsSpan(Math.Min(1, input.Length)));
        var symbols = string.Concat(typed.Select(c => Symbol(format.Alphabet, c)));
        var isCode = format.TryParse(typed, out var code);
        Unless(isCode == (typed.Length <= 64 && symbols.Length == format.Length), "A user code has exactly the symbols of the format");
        if (code is null)
        {
            return Refused;
        }

        Unless(code.Reveal() == symbols && symbols.All(format.Alphabet.Contains), "A user code is what was typed, in the alphabet");
        string[] variants =
        [
            code.Reveal(), code.RevealGrouped(), code.Reveal().ToLowerInvariant(), string.Join(' ', code.Reveal().ToCharArray()),
            string.Concat(code.Reveal().Select(c => (char)(c + 0xFEE0))), string.Concat(code.Reveal().Select(c => char.IsAsciiLetter(c) ? (char)(c + 0xFF00) : c)), $" {code.RevealGrouped()}. ",
            string.Concat(code.Reveal().Select(c => LookAlikes(c).FirstOrDefault(other => !format.Alphabet.Contains(other) && Symbol(format.Alphabet, other) == c.ToString(), c))),
        ];
        foreach (var variant in variants)
        {
            Unless(format.TryParse(variant, out var same) && same.Reveal() == code.Reveal() && same.Hash() == code.Hash(), $"Each way to type a code is that code: {variant}");
        }

        return Accepted;
    }

    /// <summary>The symbol that a character stands for; empty if it stands for none.</summary>
    private static string Symbol(string alphabet, char typed)
    {
        var ascii = typed is > '\uFF00' and < '\uFF5F' ? (char)(typed - 0xFEE0) : typed;
        ascii = ascii is >= 'a' and <= 'z' ? (char)(ascii - 32) : ascii;
        var inside = LookAlikes(ascii).Where(alphabet.Contains).ToArray();
        return alphabet.Contains(ascii) ? ascii.ToString() : inside is [var one] ? one.ToString() : "";
    }

    private static string LookAlikes(char symbol) => symbol switch
    {
        '0' or 'O' => "0O",
        '1' or 'I' or 'L' => "1IL",
        '2' or 'Z' => "2Z",
        '5' or 'S' => "5S",
        '8' or 'B' => "8B",
        'U' or 'V' => "UV",
        _ => "",
    };

    /// <summary>Lines of <c>Prefer</c>. Those that begin with k are <c>Idempotency-Key</c>.</summary>
    private static string Headers(byte[] input)
    {
        var text = string.Concat(Encoding.Latin1.GetString(input).Where(c => c == '\n' || !char.IsControl(c))); // a server accepts no other one
        var lines = text.Split('\n').ToLookup(line => line.StartsWith('k'));
        string[] prefer = [.. lines[false]];
        var most = TimeSpan.FromSeconds(300);
        var wait = Wait(prefer);
        Unless(wait >= TimeSpan.Zero && wait <= most && wait.Ticks % TimeSpan.TicksPerSecond == 0, "A wait is between nothing and the most");
        Unless(wait == TimeSpan.Zero || prefer.Any(line => line.Contains("wait", StringComparison.OrdinalIgnoreCase)), "Only a device that asks for it waits");
        Unless(Wait([.. prefer.Select(line => line.ToUpperInvariant())]) == wait, "The name of a preference has no case (RFC 7240 2)");
        Unless(Wait(["respond-async", .. prefer]) == wait && Wait(["respond-async;a=\"x,y\", foo=1", .. prefer]) == wait, "Other preferences change nothing");
        Unless(Wait(["wait=7", .. prefer]) == TimeSpan.FromSeconds(7), "The first preference counts (RFC 7240 2)");
        Unless(prefer.Any(line => line.Contains('"', StringComparison.Ordinal)) || Wait([string.Join(", ", prefer)]) == wait, "Lines of a header are one list");
        if (SimpleWait().Match(string.Join('\n', prefer)) is { Success: true } simple)
        {
            var digits = simple.Groups[1].Value.TrimStart('0');
            Unless(wait == (digits.Length > 9 ? most : TimeSpan.FromSeconds(Math.Min(300, int.Parse("0" + digits, CultureInfo.InvariantCulture)))), "wait is a number of seconds");
        }

        var keys = lines[true].Select(line => line[1..]).ToArray();
        var request = new DefaultHttpContext().Request;
        request.Headers["Idempotency-Key"] = keys;
        var isValid = IdempotencyKey.TryRead(request, out var key);
        Unless(isValid == (keys.Length == 0 || (keys is [var one] && KeyText().IsMatch(one))), "A key is one value of 1 to 128 printable characters");
        Unless(!isValid || key == keys.SingleOrDefault(), "The key is what was sent");
        return keys.Length > 0 ? isValid ? "a key" : "a wrong key" : wait > TimeSpan.Zero ? "waits" : prefer is [""] ? "no key" : "does not wait";

        TimeSpan Wait(string[] values)
        {
            var context = new DefaultHttpContext();
            context.Request.Headers["Prefer"] = values;
            return PollWait.AskedBy(context.Request, most);
        }
    }

    private static string Text(byte[] input)
    {
        var text = input.Length % 2 == 0 ? Encoding.UTF8.GetString(input) : Encoding.Unicode.GetString(input); // the second has halves of surrogate pairs
        var scopes = ScopeParameter.Parse(text, ["read", "openid"]);
        Unless(scopes is null || (scopes.Count <= ScopeParameter.MaxScopes && scopes.All(scope => ScopeText().IsMatch(scope) && scope != "offline_access")), "A scope is a scope-token (RFC 6749 3.3)");
        Unless(scopes is null || (ScopeParameter.Parse(string.Join(' ', scopes), ["read", "openid"]) is { } again && again.SequenceEqual(scopes, StringComparer.Ordinal)), "Scopes survive the way there and back");
        var isText = ReportedText.TryClean(text, 255, out var clean);
        if (!isText || clean is null)
        {
            Unless(isText || text.Length > 255 || text.Any(c => char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\ufffd'), "A text without controls is accepted");
            return isText ? "empty" : Refused;
        }

        Unless(clean.Length is > 0 and <= 255 && clean == clean.Trim() && !clean.Contains("  ", StringComparison.Ordinal), "A clean text has no surplus spaces");
        Unless(!clean.EnumerateRunes().Any(rune => rune == Rune.ReplacementChar || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse), "A clean text has only visible characters");
        Unless(ReportedText.TryClean(clean, 255, out var same) && same == clean, "Cleaning a clean text changes nothing");
        Unless(ReportedText.IsIdentifier(clean, 255) && ReportedText.IsIdentifier(text, 255) == (text == clean), "An identifier is a clean text");
        return scopes is { Count: > 0 } ? "scopes" : "clean";
    }

    /// <summary>Two stored addresses.</summary>
    private static string Address(byte[] input)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n');
        var (one, other) = (lines[0], lines.ElementAtOrDefault(1));
        var address = IPAddress.TryParse(one, out var parsed) ? parsed : null;
        Unless(Network.Compare(one, other) == Network.Compare(other, one), "A comparison has no direction");
        Unless(Network.Compare(one, one) != NetworkComparison.Other, "An address is in its own network");
        Unless(IPNetwork.TryParse(Network.Name(one), out var network) == address is not null && (address is null || Network.IsIn(network, one)), "The network of an address has the address in it");
        var site = Network.ParseSite(one);
        Unless(site is null || Network.NameOfSite(site) is var name && (IPNetwork.TryParse(name, out var its) && Network.IsIn(its, one)), "A site has the address in it");
        Unless(address is null || Network.Of(address).StartsWith(Network.SiteOf(address), StringComparison.Ordinal) || Network.Of(address) == Network.SiteOf(address), "A network is in its site");
        return address is null ? "no address" : "an address";
    }

    /// <summary>A line of <c>Accept-Language</c>, one of cookies, and the time in a session.</summary>
    private static string Browser(byte[] input)
    {
        var lines = Encoding.UTF8.GetString(input).Split('\n');
        var context = new DefaultHttpContext();
        context.Request.Headers.AcceptLanguage = lines[0];
        context.Request.Headers.Cookie = lines.ElementAtOrDefault(1);
        var language = PageLanguage.Of(context);
        Unless(PageLanguage.All.Contains(language) && language.Culture is not null, "A page has one of our languages");
        Unless(!HttpTarget.Services.GetRequiredService<PairingTickets>().TryRead(lines[^1], out _), "Nobody else can write a ticket");
        var stamp = lines.ElementAtOrDefault(2);
        var at = SignInStamp.Read(new AuthenticationProperties(new Dictionary<string, string?>(StringComparer.Ordinal) { ["da.signed_in"] = stamp }));
        return at is not null ? "a stamp" : stamp is not null ? "no stamp" : language == PageLanguage.English ? "English" : "another language";
    }

    [GeneratedRegex("%(?![0-9A-Fa-f]{2})")]
    private static partial Regex BrokenPercent();

    [GeneratedRegex("%(..)")]
    private static partial Regex Percent();

    [GeneratedRegex(@"\A[Bb][Aa][Ss][Ii][Cc] +([0-9A-Za-z+/]+=*) *\z")]
    private static partial Regex BasicHeader();

    [GeneratedRegex(@"\A[Bb][Ee][Aa][Rr][Ee][Rr] +[0-9A-Za-z._~+/-]+=* *\z")]
    private static partial Regex BearerHeader();

    [GeneratedRegex(@"\A[0-9A-Za-z_-]{43}\z")]
    private static partial Regex DeviceCodeText();

    [GeneratedRegex(@"\A[ -~]{1,128}\z")]
    private static partial Regex KeyText();

    [GeneratedRegex(@"\A[!#-\[\]-~]{1,128}\z")]
    private static partial Regex ScopeText();

    [GeneratedRegex(@"\Await=([0-9]+)\z")]
    private static partial Regex SimpleWait();
}

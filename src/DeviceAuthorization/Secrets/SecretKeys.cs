using System.Buffers;
using System.Collections.Frozen;

namespace DeviceAuthorization;

/// <summary>
/// The keys whose values are secret in a <see cref="SecretDocument"/>. Only ASCII letters and digits count, in any case:
/// <c>ssh_password</c>, <c>sshPassword</c> and <c>SSH-Password</c> are one key.
/// </summary>
/// <remarks>
/// The built-in keys match broadly: masking a harmless value costs little, but showing a secret gives it away. They match in three ways:
/// <list type="bullet">
/// <item>These words match anywhere in a key: password, passwd, passphrase, passcode, secret, credential, connection string; the API,
/// access, private, encryption, signing, shared and master key; the access, refresh, auth and bearer token. They match
/// <c>password2</c> and <c>private_key_path</c>. They do not match a key that only describes the secret, such as
/// <c>password_required</c> or <c>access_token_expires_at</c>.</item>
/// <item>token, pass and pwd match at the end of a key, also with digits after them: <c>romm_token</c>, but not <c>token_count</c>.</item>
/// <item>Short or common words match as whole keys, also with digits after them: <c>ssh_key_path</c>, <c>ssh_key</c>, <c>tokens</c>,
/// <c>pin</c>, <c>pin_code</c>, <c>psk</c>, <c>otp</c>, <c>jwt</c>, <c>bearer</c>, <c>basic_auth</c>, <c>authorization</c>,
/// <c>proxy_authorization</c>, <c>cookie</c>, <c>cookies</c> and <c>set_cookie</c>.</item>
/// </list>
/// A key that the host adds matches only as a whole key.
/// </remarks>
public sealed class SecretKeys
{
    private const int LongestName = 64;

    private static readonly string[] Parts =
    [
        "password", "passwd", "passphrase", "passcode", "secret", "credential", "connectionstring",
        "apikey", "accesskey", "privatekey", "encryptionkey", "signingkey", "sharedkey", "masterkey",
        "accesstoken", "refreshtoken", "authtoken", "bearertoken",
    ];

    // With one of these behind a part, the key describes a secret but holds none.
    private static readonly FrozenSet<string> About = FrozenSet.ToFrozenSet(
    [
        "required", "enabled", "count", "length", "minlength", "maxlength", "policy", "type", "less",
        "expiry", "expires", "expiresat", "expiresin", "createdat", "updatedat", "changedat",
    ]);

    private static readonly string[] Endings = ["token", "pass", "pwd"];
    private static readonly string[] HarmlessEndings = ["bypass", "compass"];

    private static readonly FrozenSet<string> Names = FrozenSet.ToFrozenSet(
    [
        "sshkeypath", "sshkey", "tokens", "pin", "pincode", "psk", "otp", "jwt", "bearer", "basicauth",
        "authorization", "proxyauthorization", "cookie", "cookies", "setcookie",
    ]);

    private static readonly SearchValues<char> Assignments = SearchValues.Create(":=>");

    private readonly FrozenSet<string> _names;

    private SecretKeys(FrozenSet<string> names) => _names = names;

    /// <summary>The built-in keys.</summary>
    public static SecretKeys Default { get; } = new(Names);

    /// <summary>Adds keys to these.</summary>
    /// <param name="keys">Whole keys, in any spelling.</param>
    /// <exception cref="ArgumentException">A key has no ASCII letter or digit, so it could never match.</exception>
    public SecretKeys With(params IEnumerable<string> keys)
    {
        ArgumentNullException.ThrowIfNull(keys);
        var more = keys.Select(Normalize).ToArray();
        return more.Contains("")
            ? throw new ArgumentException("A secret key needs at least one of the letters A to Z or the digits 0 to 9.", nameof(keys))
            : new SecretKeys(_names.Concat(more).ToFrozenSet());
    }

    /// <summary>Whether the value of a key is secret.</summary>
    /// <param name="key">The key, in any spelling.</param>
    public bool IsSecret(string key)
    {
        var name = Normalize(key);
        var stem = name.AsSpan().TrimEnd("0123456789").ToString();
        return _names.Contains(name)
            || Names.Contains(stem)
            || (Endings.Any(ending => EndsWith(stem, ending)) && !HarmlessEndings.Any(ending => EndsWith(stem, ending)))
            || Parts.Any(part => name.LastIndexOf(part, StringComparison.Ordinal) is >= 0 and var at && !About.Contains(name[(at + part.Length)..]));
    }

    /// <summary>Adds the keys of another set. Returns the same instance if that adds nothing.</summary>
    internal SecretKeys With(SecretKeys other) => other._names.IsSubsetOf(_names) ? this : new(_names.Union(other._names, StringComparer.Ordinal).ToFrozenSet());

    /// <summary>
    /// Whether a text that is not JSON gives a value to a secret key, as in <c>password=…</c>, <c>API key: …</c>,
    /// <c>{'token': '…'}</c> or <c>&lt;pin&gt;…</c>.
    /// </summary>
    internal bool IsGivenIn(string text)
    {
        var rest = text.AsSpan();
        while (rest.LastIndexOfAny(Assignments) is >= 0 and var at)
        {
            rest = rest[..at];
            var before = rest.TrimEnd(" \t\r\n\"'`\\*)]");
            before = before[Math.Max(0, before.Length - LongestName)..];

            // Look at one word, then at two: "API key" is a key, but a sentence is not a key because it mentions a secret.
            var last = StartOfWord(before);
            if (last == before.Length)
            {
                continue;
            }

            if (IsSecret(before[last..].ToString()) || IsSecret(before[StartOfWord(before[..last].TrimEnd(' '))..].ToString()))
            {
                return true;
            }
        }

        return false;
    }

    private static int StartOfWord(ReadOnlySpan<char> text)
    {
        var start = text.Length;
        while (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] is '_' or '-'))
        {
            start--;
        }

        return start;
    }

    private static bool EndsWith(string name, string ending) => name.EndsWith(ending, StringComparison.Ordinal);

    private static string Normalize(string key) => string.Concat(key.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
}

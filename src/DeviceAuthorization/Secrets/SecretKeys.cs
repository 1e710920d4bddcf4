using System.Buffers;
using System.Collections.Frozen;

namespace DeviceAuthorization;

/// <summary>
/// The keys whose values are secret in a <see cref="SecretDocument"/>. Keys are compared by their ASCII letters and digits in
/// lower case: <c>ssh_password</c>, <c>sshPassword</c> and <c>SSH-Password</c> are one key.
/// </summary>
/// <remarks>
/// The built-in keys match in three ways, because a key that is masked for nothing costs a look at it, and one that is not masked
/// costs the secret:
/// <list type="bullet">
/// <item>Words that mean a secret wherever they stand match as part of a key: password, passwd, passphrase, passcode, secret,
/// credential, connection string, and the API, access, private, encryption, signing, shared and master key, and the access,
/// refresh, auth and bearer token. So do <c>password2</c> and <c>private_key_path</c>; but not a key that goes on to say
/// something about the secret only, such as <c>password_required</c> or <c>access_token_expires_at</c>.</item>
/// <item>token, pass and pwd match at the end of a key, digits after it aside: <c>romm_token</c>, but not <c>token_count</c>.</item>
/// <item>Words that are short or common match as whole keys: <c>ssh_key_path</c>, <c>ssh_key</c>, <c>tokens</c>, <c>pin</c>,
/// <c>pin_code</c>, <c>psk</c>, <c>otp</c>, <c>jwt</c>, <c>bearer</c>, <c>basic_auth</c>, <c>authorization</c>,
/// <c>proxy_authorization</c>, <c>cookie</c>, <c>cookies</c> and <c>set_cookie</c>.</item>
/// </list>
/// A key that a host adds matches as a whole key.
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

    // What may follow a part in a key that holds no secret.
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

    /// <summary>These keys and more.</summary>
    /// <param name="keys">Whole keys, in any spelling.</param>
    /// <exception cref="ArgumentException">A key has no ASCII letter or digit, and so could never match.</exception>
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

    /// <summary>These keys and those. The same instance when that adds nothing.</summary>
    internal SecretKeys With(SecretKeys other) => other._names.IsSubsetOf(_names) ? this : new(_names.Union(other._names, StringComparer.Ordinal).ToFrozenSet());

    /// <summary>
    /// Whether a text that is no JSON gives a value to a secret key, as in <c>password=…</c>, <c>API key: …</c>,
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

            // One word or two: "API key" is a key, but a sentence is not because a secret occurs in it.
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

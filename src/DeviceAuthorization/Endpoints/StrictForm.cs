using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace DeviceAuthorization;

/// <summary>
/// <c>application/x-www-form-urlencoded</c> as RFC 6749 wants it: names compared by case, UTF-8 only, a parameter without a
/// value is omitted (§3.1), a known one that is repeated is an error, an unknown one is ignored.
/// </summary>
internal sealed class StrictForm
{
    private const int MaxFields = 50;
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 4096;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private StrictForm()
    {
    }

    /// <summary>The value; null when it is missing or empty.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

    /// <summary>Whether the parameter was sent, even without a value.</summary>
    public bool Has(string name) => _values.ContainsKey(name);

    public static bool TryParse(
        ReadOnlySpan<byte> body,
        ReadOnlySpan<string> known,
        [NotNullWhen(true)] out StrictForm? form,
        [NotNullWhen(false)] out string? problem,
        int maxFields = MaxFields)
    {
        (form, problem) = (new StrictForm(), null);
        var fields = 0;
        foreach (var range in body.Split((byte)'&'))
        {
            var pair = body[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf((byte)'=');
            var name = Decode(equals < 0 ? pair : pair[..equals], MaxNameLength);
            var value = Decode(equals < 0 ? default : pair[(equals + 1)..], MaxValueLength);
            if (++fields > maxFields)
            {
                problem = "Too many parameters.";
            }
            else if (name is null || value is null)
            {
                problem = "A parameter is too long or not encoded as UTF-8 in percent-encoding.";
            }
            else if (known.Contains(name) && !form._values.TryAdd(name, value))
            {
                problem = $"The parameter {name} is repeated.";
            }

            if (problem is not null)
            {
                form = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>Percent-decoded text; null when it is longer than it may be, not valid UTF-8, or holds a NUL.</summary>
    private static string? Decode(ReadOnlySpan<byte> encoded, int maxLength)
    {
        Span<byte> bytes = encoded.Length <= 512 ? stackalloc byte[encoded.Length] : new byte[encoded.Length];
        var length = 0;
        for (var i = 0; i < encoded.Length; i++)
        {
            var value = encoded[i];
            if (value == '+')
            {
                value = (byte)' ';
            }
            else if (value == '%')
            {
                if (i + 2 >= encoded.Length || !TryHex(encoded[i + 1], encoded[i + 2], out value))
                {
                    return null;
                }

                i += 2;
            }

            bytes[length++] = value;
        }

        if (length > maxLength || bytes[..length].Contains((byte)0))
        {
            return null;
        }

        try
        {
            return Utf8.GetString(bytes[..length]);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static bool TryHex(byte high, byte low, out byte value)
    {
        value = (byte)((Convert(high) << 4) | Convert(low));
        return char.IsAsciiHexDigit((char)high) && char.IsAsciiHexDigit((char)low);

        static int Convert(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }
}

using System.Diagnostics.CodeAnalysis;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>
/// <c>application/x-www-form-urlencoded</c> as RFC 6749 wants it: names compared by case, UTF-8 only, a parameter without a
/// value is omitted (§3.1), a known one that is repeated is an error, an unknown one is ignored.
/// </summary>
internal sealed class StrictForm
{
    public const int MaxFields = 50;
    private const string TooMany = "Too many parameters.";
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 4096;
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private StrictForm()
    {
    }

    /// <summary>The value; null when it is missing or empty.</summary>
    public string? this[string name] => _values.GetValueOrDefault(name) is { Length: > 0 } value ? value : null;

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
            problem = ++fields > maxFields ? TooMany : form.Take(name, value, known);
            if (problem is not null)
            {
                form = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Takes a form that a middleware of the host has read. The framework merges names that differ only by case; such a parameter counts as
    /// repeated.
    /// </summary>
    public static bool TryTake(
        IFormCollection read,
        ReadOnlySpan<string> known,
        [NotNullWhen(true)] out StrictForm? form,
        [NotNullWhen(false)] out string? problem,
        int maxFields = MaxFields)
    {
        (form, problem) = (new StrictForm(), null);
        var fields = 0;
        foreach (var (name, values) in read)
        {
            foreach (var value in values)
            {
                problem ??= ++fields > maxFields ? TooMany : form.Take(Checked(name, MaxNameLength), Checked(value, MaxValueLength), known);
            }
        }

        form = problem is null ? form : null;
        return problem is null;
    }

    /// <summary>Keeps a parameter if it is known.</summary>
    /// <returns>The problem; null if there is none.</returns>
    private string? Take(string? name, string? value, ReadOnlySpan<string> known) => (name, value) switch
    {
        (null, _) or (_, null) => "A parameter is too long or not encoded as UTF-8 in percent-encoding.",
        _ when known.Contains(name) && !_values.TryAdd(name, value) => $"The parameter {name} is repeated.",
        _ => null,
    };

    private static string? Checked(string? text, int maxLength) =>
        text is not null && Encoding.UTF8.GetByteCount(text) <= maxLength && !text.Contains('\0', StringComparison.Ordinal) ? text : null;

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

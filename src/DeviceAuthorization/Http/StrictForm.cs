using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>
/// Parses <c>application/x-www-form-urlencoded</c> as RFC 6749 requires. Names are case-sensitive, and the encoding is UTF-8. A parameter without a
/// value counts as omitted (§3.1). A repeated known parameter is an error; unknown ones are ignored.
/// </summary>
internal sealed class StrictForm
{
    public const int MaxFields = 50;
    private const string TooMany = "Too many parameters.";
    private const string Malformed = "A parameter is too long or not encoded as UTF-8 in percent-encoding.";
    private const int MaxNameLength = 64;
    private const int MaxValueLength = 4096;

    private readonly string[] _known;
    private readonly string?[] _values;

    private StrictForm(string[] known) => (_known, _values) = (known, new string?[known.Length]);

    /// <summary>The value; null if it is missing or empty.</summary>
    public string? this[string name] => Array.IndexOf(_known, name) is >= 0 and var known && _values[known] is { Length: > 0 } value ? value : null;

    /// <summary>Reads a form from the body of a request.</summary>
    /// <param name="known">The parameters that the endpoint reads. None of them may be repeated.</param>
    /// <param name="maxFields">The most fields that the body may have, unknown ones included.</param>
    public static async ValueTask<Parsed<StrictForm>> ReadAsync(HttpRequest request, string[] known, int maxFields = MaxFields)
    {
        if (!RequestBody.IsUtf8(request, RequestBody.Form))
        {
            return Refuse($"The content type must be {RequestBody.Form}, in UTF-8.");
        }

        StrictForm? form;
        string? problem;
        if (RequestBody.FormReadByHost(request) is { } read)
        {
            if (RequestBody.IsTooLarge(request, read))
            {
                return Refuse(RequestBody.TooLarge(), StatusCodes.Status413PayloadTooLarge);
            }

            TryTake(read, known, out form, out problem, maxFields);
        }
        else if (await RequestBody.ReadAsync(request) is { } body)
        {
            TryParse(body.Span, known, out form, out problem, maxFields);
        }
        else
        {
            return Refuse(RequestBody.TooLarge(), StatusCodes.Status413PayloadTooLarge);
        }

        return form ?? Refuse(problem!);
    }

    public static bool TryParse(
        ReadOnlySpan<byte> body,
        string[] known,
        [NotNullWhen(true)] out StrictForm? form,
        [NotNullWhen(false)] out string? problem,
        int maxFields = MaxFields)
    {
        (form, problem) = (new StrictForm(known), null);
        Span<byte> buffer = body.Length <= 1024 ? stackalloc byte[body.Length] : new byte[body.Length];
        var fields = 0;
        foreach (var range in body.Split((byte)'&'))
        {
            var pair = body[range];
            if (pair.IsEmpty)
            {
                continue;
            }

            var equals = pair.IndexOf((byte)'=');
            problem = ++fields > maxFields ? TooMany
                : equals < 0 ? form.Take(pair, default, buffer)
                : form.Take(pair[..equals], pair[(equals + 1)..], buffer);
            if (problem is not null)
            {
                form = null;
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Uses a form that a middleware of the host has read. The framework merges names that differ only by case; such a parameter counts as repeated.
    /// </summary>
    public static bool TryTake(
        IFormCollection read,
        string[] known,
        [NotNullWhen(true)] out StrictForm? form,
        [NotNullWhen(false)] out string? problem,
        int maxFields = MaxFields)
    {
        (form, problem) = (new StrictForm(known), null);
        var fields = 0;
        foreach (var (name, values) in read)
        {
            foreach (var value in values)
            {
                problem ??= ++fields > maxFields ? TooMany
                    : !Fits(name, MaxNameLength) || !Fits(value, MaxValueLength) ? Malformed
                    : form.Keep(Array.IndexOf(known, name), value);
            }
        }

        form = problem is null ? form : null;
        return problem is null;
    }

    /// <summary>Decodes a parameter, and keeps it if it is known.</summary>
    /// <returns>The problem; null if there is none.</returns>
    private string? Take(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Span<byte> buffer)
    {
        if (!TryDecode(name, MaxNameLength, buffer, out var length))
        {
            return Malformed;
        }

        var known = IndexOf(buffer[..length]);
        return !TryDecode(value, MaxValueLength, buffer, out length) ? Malformed
            : known < 0 ? null // allocate no string for an unknown parameter
            : Keep(known, Encoding.UTF8.GetString(buffer[..length]));
    }

    /// <summary>Keeps a parameter if it is known: <paramref name="known"/> is then its index, otherwise negative.</summary>
    /// <returns>The problem; null if there is none.</returns>
    private string? Keep(int known, string value)
    {
        if (known < 0)
        {
            return null;
        }

        if (_values[known] is not null)
        {
            return $"The parameter {_known[known]} is repeated.";
        }

        _values[known] = value;
        return null;
    }

    private int IndexOf(ReadOnlySpan<byte> name)
    {
        for (var i = 0; i < _known.Length; i++)
        {
            if (Ascii.Equals(name, _known[i]))
            {
                return i;
            }
        }

        return -1;
    }

    private static bool Fits([NotNullWhen(true)] string? text, int maxLength) =>
        text is not null && Encoding.UTF8.GetByteCount(text) <= maxLength && !text.Contains('\0', StringComparison.Ordinal);

    /// <summary>Decodes percent-encoding. False if the encoding is broken, or the text is too long, is not valid UTF-8, or contains a NUL.</summary>
    private static bool TryDecode(ReadOnlySpan<byte> encoded, int maxLength, Span<byte> bytes, out int length)
    {
        length = 0;
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
                    return false;
                }

                i += 2;
            }

            bytes[length++] = value;
        }

        return length <= maxLength && !bytes[..length].Contains((byte)0) && Utf8.IsValid(bytes[..length]);
    }

    private static bool TryHex(byte high, byte low, out byte value)
    {
        value = (byte)((Convert(high) << 4) | Convert(low));
        return char.IsAsciiHexDigit((char)high) && char.IsAsciiHexDigit((char)low);

        static int Convert(byte digit) => digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10;
    }

    private static Parsed<StrictForm> Refuse(string description, int status = StatusCodes.Status400BadRequest) =>
        Parsed.Refuse<StrictForm>(Problems.OAuth(PairingError.InvalidRequest, description, status));
}

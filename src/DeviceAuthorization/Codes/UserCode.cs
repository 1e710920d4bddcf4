using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Codes;

namespace DeviceAuthorization;

/// <summary>The short code that a person reads from the device and types (RFC 8628 §6.1). <see cref="UserCodeFormat"/> makes and reads it.</summary>
public sealed class UserCode
{
    private readonly string _value;

    internal UserCode(string value) => _value = value;

    /// <summary>The code without separators, as RomM's clients get it.</summary>
    public string Reveal() => _value;

    /// <summary>The code in groups of four, as people read it: <c>WDJB-MJHT</c>. Else in groups of five or three, or in two halves.</summary>
    public string RevealGrouped()
    {
        var size = _value.Length % 4 == 0 ? 4 : _value.Length % 5 == 0 ? 5 : _value.Length % 3 == 0 ? 3 : (_value.Length + 1) / 2;
        return string.Join('-', _value.Chunk(size).Select(group => new string(group)));
    }

    /// <summary>
    /// The hash by which stores find it, lower-case hex: HMAC-SHA-256 under a key of <see cref="DeviceAuthorizationOptions.UserCodeKeys"/>, or
    /// SHA-256 if the host has no key.
    /// </summary>
    /// <param name="key">The key; empty for none.</param>
    public string Hash(ReadOnlySpan<byte> key = default)
    {
        if (key.IsEmpty)
        {
            return SecretHash.Of(_value);
        }

        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(_value), hash);
        return Convert.ToHexStringLower(hash);
    }

    /// <summary>Does not show the code.</summary>
    public override string ToString() => "UserCode(***)";
}

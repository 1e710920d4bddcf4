using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Codes;

namespace DeviceAuthorization;

/// <summary>The short code a person reads from the device and types (RFC 8628 §6.1). Made and read by <see cref="UserCodeFormat"/>.</summary>
public sealed class UserCode
{
    private readonly string _value;

    internal UserCode(string value) => _value = value;

    /// <summary>The code without separators, as RomM's clients get it.</summary>
    public string Reveal() => _value;

    /// <summary>The code as people read it: in groups of four, or else of five or three, <c>WDJB-MJHT</c>.</summary>
    public string RevealGrouped()
    {
        var size = _value.Length % 4 == 0 ? 4 : _value.Length % 5 == 0 ? 5 : _value.Length % 3 == 0 ? 3 : (_value.Length + 1) / 2;
        return string.Join('-', _value.Chunk(size).Select(group => new string(group)));
    }

    /// <summary>
    /// What stores look it up by, lower-case hex: HMAC-SHA-256 under a key of <see cref="DeviceAuthorizationOptions.UserCodeKeys"/>, or SHA-256
    /// where the host has none.
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

    /// <summary>Never the code.</summary>
    public override string ToString() => "UserCode(***)";
}

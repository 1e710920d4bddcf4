using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Codes;

namespace DeviceAuthorization;

/// <summary>
/// An opaque access token (RFC 6750): a prefix, 43 characters that carry 256 bits, and a checksum of 6 characters. The characters are
/// <c>0-9A-Za-z</c>. Stores keep only its hash.
/// </summary>
public sealed class DeviceToken
{
    private const string Digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int BodyLength = 43;
    private const int ChecksumLength = 6;
    private static readonly SearchValues<char> Symbols = SearchValues.Create(Digits);

    private readonly string _value;

    private DeviceToken(string value) => _value = value;

    /// <summary>
    /// Makes the token of a pairing. The same device code and salt always make the same token, so a repeated redemption cannot make a
    /// second one. The salt is useless without the device code, which only the device has.
    /// </summary>
    /// <param name="salt">The <see cref="PairingGrant.TokenSalt"/>.</param>
    /// <param name="prefix">The <see cref="DeviceAuthorizationOptions.TokenPrefix"/>.</param>
    internal static DeviceToken Derive(DeviceCode code, string salt, string prefix) =>
        Of(HMACSHA256.HashData(Encoding.UTF8.GetBytes(code.Reveal()), Encoding.UTF8.GetBytes("DeviceAuthorization token\n" + salt)), prefix);

    /// <summary>Makes a random token, which belongs to no pairing.</summary>
    /// <param name="prefix">The <see cref="DeviceAuthorizationOptions.TokenPrefix"/>.</param>
    public static DeviceToken New(string prefix) => Of(RandomNumberGenerator.GetBytes(32), prefix);

    /// <summary>Reads a token that a caller sent. Rejects a wrong prefix, length, character or checksum before any store is asked.</summary>
    /// <param name="value">The text as sent. Nothing is trimmed.</param>
    /// <param name="prefix">The <see cref="DeviceAuthorizationOptions.TokenPrefix"/>.</param>
    public static bool TryParse([NotNullWhen(true)] string? value, string prefix, [NotNullWhen(true)] out DeviceToken? token)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        token = null;
        if (value is null
            || value.Length != prefix.Length + BodyLength + ChecksumLength
            || !value.StartsWith(prefix, StringComparison.Ordinal)
            || value.AsSpan(prefix.Length).ContainsAnyExcept(Symbols)
            || !value.AsSpan(^ChecksumLength..).SequenceEqual(Checksum(value[..^ChecksumLength])))
        {
            return false;
        }

        token = new DeviceToken(value);
        return true;
    }

    /// <summary>The token itself: only for the answer that delivers it.</summary>
    public string Reveal() => _value;

    /// <summary>The hash that stores keep: SHA-256, lower-case hex.</summary>
    public string Hash() => SecretHash.Of(_value);

    /// <summary>Does not show the token.</summary>
    public override string ToString() => "DeviceToken(***)";

    private static DeviceToken Of(byte[] secret, string prefix)
    {
        var body = prefix + Base62(new BigInteger(secret, isUnsigned: true, isBigEndian: true), BodyLength);
        return new DeviceToken(body + Checksum(body));
    }

    /// <summary>Catches typing errors and junk, not forgery. 32 bits fit in six digits.</summary>
    private static string Checksum(string body)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.ASCII.GetBytes(body), hash);
        return Base62(BinaryPrimitives.ReadUInt32BigEndian(hash), ChecksumLength);
    }

    private static string Base62(BigInteger number, int length) => string.Create(length, number, static (digits, rest) =>
    {
        for (var i = digits.Length - 1; i >= 0; i--)
        {
            rest = BigInteger.DivRem(rest, Digits.Length, out var digit);
            digits[i] = Digits[(int)digit];
        }
    });
}

using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Codes;

namespace DeviceAuthorization;

/// <summary>
/// The opaque bearer token of a device: prefix, 43 characters that carry 256 bits, and a checksum of 6, all of
/// <c>0-9A-Za-z</c>. Stores hold its hash only.
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
    /// Makes the token of a pairing. The same device code and salt always give the same token, so that a repeated redemption
    /// cannot make a second one; without the device code, which only the device has, the salt gives nothing.
    /// </summary>
    /// <param name="code">The device code, as the device sent it.</param>
    /// <param name="salt">The salt of the grant.</param>
    /// <param name="prefix">What the token starts with.</param>
    public static DeviceToken Derive(DeviceCode code, string salt, string prefix)
    {
        ArgumentNullException.ThrowIfNull(code);
        return Of(HMACSHA256.HashData(Encoding.UTF8.GetBytes(code.Reveal()), Encoding.UTF8.GetBytes("DeviceAuthorization token\n" + salt)), prefix);
    }

    /// <summary>Makes a token that belongs to no pairing.</summary>
    /// <param name="prefix">What the token starts with.</param>
    public static DeviceToken New(string prefix) => Of(RandomNumberGenerator.GetBytes(32), prefix);

    /// <summary>
    /// Reads a token that a client sent. Wrong prefix, length, characters or checksum are told apart here, before any store is
    /// asked.
    /// </summary>
    /// <param name="value">The text, taken as it is.</param>
    /// <param name="prefix">What tokens of this host start with.</param>
    /// <param name="token">The token.</param>
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

    /// <summary>The token itself: for the answer to the device, and for nothing else.</summary>
    public string Reveal() => _value;

    /// <summary>What stores keep: SHA-256, lower-case hex.</summary>
    public string Hash() => SecretHash.Of(_value);

    /// <summary>Never the token.</summary>
    public override string ToString() => "DeviceToken(***)";

    private static DeviceToken Of(byte[] secret, string prefix)
    {
        var body = prefix + Base62(new BigInteger(secret, isUnsigned: true, isBigEndian: true), BodyLength);
        return new DeviceToken(body + Checksum(body));
    }

    /// <summary>Catches typing errors and junk, nothing more; 32 bits fit in six digits.</summary>
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

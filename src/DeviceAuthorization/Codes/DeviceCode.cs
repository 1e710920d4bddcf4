using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using DeviceAuthorization.Codes;

namespace DeviceAuthorization;

/// <summary>The secret a device polls with (RFC 8628 §3.2): 256 random bits, base64url. Stores keep only its hash.</summary>
public sealed class DeviceCode
{
    private const int Bytes = 32;
    private const int Length = 43;
    private static readonly SearchValues<char> Symbols =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    private readonly string _value;

    private DeviceCode(string value) => _value = value;

    /// <summary>Makes a new random code.</summary>
    public static DeviceCode New() => new(Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(Bytes)));

    /// <summary>Reads a code that a device sent. Rejects a malformed one before any store is asked.</summary>
    /// <param name="value">The text as sent. Nothing is trimmed.</param>
    public static bool TryParse([NotNullWhen(true)] string? value, [NotNullWhen(true)] out DeviceCode? code)
    {
        code = value is { Length: Length } && !value.AsSpan().ContainsAnyExcept(Symbols) ? new DeviceCode(value) : null;
        return code is not null;
    }

    /// <summary>The code itself: only for the answer to the device.</summary>
    public string Reveal() => _value;

    /// <summary>The hash that stores keep: SHA-256, lower-case hex.</summary>
    public string Hash() => SecretHash.Of(_value);

    /// <summary>Does not show the code.</summary>
    public override string ToString() => "DeviceCode(***)";
}

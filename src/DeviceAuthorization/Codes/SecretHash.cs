using System.Security.Cryptography;
using System.Text;

namespace DeviceAuthorization.Codes;

/// <summary>The hash by which codes, tokens and keys are stored and found.</summary>
internal static class SecretHash
{
    /// <summary>
    /// SHA-256, lower-case hex. Device codes and tokens have 256 bits, so they need neither a salt nor a slow hash. User codes have
    /// fewer: see docs/security.md.
    /// </summary>
    public static string Of(string secret)
    {
        Span<byte> utf8 = stackalloc byte[512];
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(Encoding.UTF8.TryGetBytes(secret, utf8, out var length) ? utf8[..length] : Encoding.UTF8.GetBytes(secret), hash);
        return Convert.ToHexStringLower(hash);
    }
}

using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Security.Cryptography;

namespace DeviceAuthorization.Storage;

/// <summary>The hash of a code as its 32 bytes. As hex in a string it takes five times as much memory.</summary>
[InlineArray(SHA256.HashSizeInBytes)]
internal struct CodeHash : IEquatable<CodeHash>
{
    private byte _first;

    /// <summary>Reads a hash in hex; false if it is none, and so nobody's.</summary>
    public static bool TryParse(string hex, out CodeHash hash)
    {
        hash = default;
        return hex.Length == 2 * SHA256.HashSizeInBytes && Convert.FromHexString(hex, hash, out _, out _) == OperationStatus.Done;
    }

    public static CodeHash Parse(string hex) => TryParse(hex, out var hash) ? hash : throw new ArgumentException("No SHA-256 in hex.", nameof(hex));

    public readonly string ToHex() => Convert.ToHexStringLower(this);

    public readonly bool Equals(CodeHash other) => ((ReadOnlySpan<byte>)this).SequenceEqual(other);

    public override readonly bool Equals(object? obj) => obj is CodeHash other && Equals(other);

    /// <summary>Its bytes are random already, and nobody can choose those of a code that is stored.</summary>
    public override readonly int GetHashCode() => BinaryPrimitives.ReadInt32LittleEndian(this);

    /// <summary>Does not show the hash.</summary>
    public override readonly string ToString() => "CodeHash(***)";
}

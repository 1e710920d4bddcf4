using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace DeviceAuthorization.Testing;

/// <summary>Secrets to look for, in every form in which one could leak.</summary>
internal sealed class KnownSecrets
{
    private const int Part = 10; // long enough not to occur by chance

    private readonly Dictionary<string, string> _kinds = new(StringComparer.OrdinalIgnoreCase);
    private SearchValues<string>? _search;

    /// <summary>Looks for a secret in clear, in hex, base64, base64url and percent-encoding, and for any ten characters of it.</summary>
    public void Add(string kind, string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        _kinds[secret] = kind;
        _kinds[Convert.ToHexString(bytes)] = $"{kind} in hex";
        _kinds[Convert.ToBase64String(bytes).TrimEnd('=')] = $"{kind} in base64";
        _kinds[Base64Url.EncodeToString(bytes)] = $"{kind} in base64url";
        _kinds.TryAdd(Uri.EscapeDataString(secret), $"{kind} in percent-encoding");
        for (var start = 0; start + Part < secret.Length; start++)
        {
            _kinds.TryAdd(secret.Substring(start, Part), $"a part of the {kind}");
        }

        _search = null;
    }

    /// <summary>The secrets that a text holds; null if none.</summary>
    public string? FindIn(string? text)
    {
        _search ??= SearchValues.Create([.. _kinds.Keys], StringComparison.OrdinalIgnoreCase);
        var found = text.AsSpan().IndexOfAny(_search);
        return found < 0 ? null : _kinds.First(form => text.AsSpan(found).StartsWith(form.Key, StringComparison.OrdinalIgnoreCase)).Value;
    }
}

using System.Buffers.Text;
using System.Text;

namespace DeviceAuthorization.Tests;

/// <summary>Secrets to look for, in every form in which one could get out.</summary>
internal sealed class Secrets
{
    private readonly List<(string Kind, string Form)> _forms = [];

    /// <summary>Looks for a secret as it is, and in hex, base64 and base64url.</summary>
    public void Add(string kind, string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        _forms.AddRange(
        [
            (kind, secret),
            ($"{kind} in hex", Convert.ToHexString(bytes)),
            ($"{kind} in base64", Convert.ToBase64String(bytes).TrimEnd('=')),
            ($"{kind} in base64url", Base64Url.EncodeToString(bytes)),
        ]);
    }

    /// <summary>What of them a text holds; null when nothing.</summary>
    public string? FindIn(string? text) =>
        text is null ? null : _forms.FirstOrDefault(secret => text.Contains(secret.Form, StringComparison.OrdinalIgnoreCase)).Kind;
}

using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.TestKit;

/// <summary>
/// Compares with an approved file, in the shape of Verify.Xunit (<c>await Verify(x)</c>, <c>Class.Method.verified.*</c>,
/// <c>*.received.*</c>), which cannot be restored everywhere: docs/adr/0001-snapshots.md. A missing or different file fails.
/// </summary>
public static partial class Verifier
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Compares text, with codes, tokens, ids and times replaced by their kind.</summary>
    public static Task Verify(string text, string extension = "txt", [CallerFilePath] string file = "", [CallerMemberName] string method = "") =>
        CompareAsync(Scrub(text), extension, file, method);

    /// <summary>Compares a JSON document: members in their order, indented.</summary>
    public static Task VerifyJson(JsonElement json, [CallerFilePath] string file = "", [CallerMemberName] string method = "") =>
        CompareAsync(Scrub(JsonSerializer.Serialize(json, Indented)), "json", file, method);

    /// <summary>Compares status, headers (dates aside) and body of an answer.</summary>
    public static async Task Verify(HttpResponseMessage response, [CallerFilePath] string file = "", [CallerMemberName] string method = "")
    {
        var text = new StringBuilder().Append("HTTP ").Append((int)response.StatusCode).Append('\n');
        foreach (var header in response.Headers.Concat(response.Content.Headers).Where(h => h.Key is not ("Date" or "Content-Length" or "Server"))
            .OrderBy(h => h.Key, StringComparer.Ordinal))
        {
            text.Append(header.Key).Append(": ").AppendJoin(", ", header.Value).Append('\n');
        }

        var body = await response.Content.ReadAsStringAsync();
        if (response.Content.Headers.ContentType?.MediaType == "application/json")
        {
            using var document = JsonDocument.Parse(body);
            body = JsonSerializer.Serialize(document.RootElement, Indented);
        }

        await CompareAsync(Scrub(text.Append('\n').Append(body).ToString()), "txt", file, method);
    }

    private static async Task CompareAsync(string received, string extension, string file, string method)
    {
        var stem = Path.Combine(Path.GetDirectoryName(file)!, $"{Path.GetFileNameWithoutExtension(file)}.{method}");
        var (verifiedFile, receivedFile) = ($"{stem}.verified.{extension}", $"{stem}.received.{extension}");
        received = received.ReplaceLineEndings("\n").TrimEnd() + "\n";
        var verified = File.Exists(verifiedFile) ? (await File.ReadAllTextAsync(verifiedFile)).ReplaceLineEndings("\n") : null;
        if (received == verified)
        {
            File.Delete(receivedFile);
            return;
        }

        await File.WriteAllTextAsync(receivedFile, received);
        Assert.Fail($"{Path.GetFileName(verifiedFile)} {(verified is null ? "is missing" : "differs")}. Read {receivedFile}, and rename it if it is right.\n\n{received}");
    }

    private static string Scrub(string text)
    {
        text = Token().Replace(text, "{token}");
        text = Guids().Replace(text, "{guid}");
        text = Times().Replace(text, "{time}");
        text = DeviceCodes().Replace(text, "{device-code}");
        text = AntiforgeryTokens().Replace(text, "{antiforgery}");
        return UserCodes().Replace(text, "{user-code}");
    }

    [GeneratedRegex(@"\bda_[0-9A-Za-z]{49}\b")]
    private static partial Regex Token();

    [GeneratedRegex(@"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")]
    private static partial Regex Guids();

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)")]
    private static partial Regex Times();

    [GeneratedRegex(@"(?<=device_code"": "")[A-Za-z0-9_-]{43}(?="")")]
    private static partial Regex DeviceCodes();

    [GeneratedRegex(@"CfDJ8[A-Za-z0-9_-]+")]
    private static partial Regex AntiforgeryTokens();

    [GeneratedRegex(@"\b[BCDFGHJKLMNPQRSTVWXZ]{4}-?[BCDFGHJKLMNPQRSTVWXZ]{4}\b")]
    private static partial Regex UserCodes();
}

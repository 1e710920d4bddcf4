using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>What every answer to a device must be.</summary>
internal static partial class OAuthAssert
{
    /// <summary>
    /// An error of RFC 6749 §5.2: never cached (P-20, P-62), no secret in it, its texts in the allowed characters (P-66), and a
    /// challenge with a 401 (P-63).
    /// </summary>
    /// <param name="response">The answer.</param>
    /// <param name="status">The expected status.</param>
    /// <param name="error">The expected word; null when there must be none.</param>
    /// <param name="input">What was sent: nothing of it may come back.</param>
    public static async Task ErrorAsync(HttpResponseMessage response, int status, string? error, params string[] input)
    {
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(status == (int)response.StatusCode, $"Expected {status}, got {(int)response.StatusCode}: {body}");
        NotCached(response);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        using var document = JsonDocument.Parse(body, new JsonDocumentOptions { AllowDuplicateProperties = false });
        var json = document.RootElement;
        Assert.Equal(error, json.TryGetProperty("error", out var word) ? word.GetString() : null);
        foreach (var member in json.EnumerateObject().Where(member => member.Value.ValueKind == JsonValueKind.String))
        {
            Assert.Matches(OAuthText(), member.Value.GetString());
        }

        foreach (var member in (string[])["device_code", "user_code", "access_token"])
        {
            Assert.False(json.TryGetProperty(member, out _), $"An error carries {member}.");
        }

        foreach (var text in input)
        {
            Assert.DoesNotContain(text, body, StringComparison.OrdinalIgnoreCase);
        }

        Assert.Equal(status == 401, response.Headers.WwwAuthenticate.Count > 0);
    }

    /// <summary>RomM's error: <c>detail</c> instead of <c>error</c>.</summary>
    public static async Task DetailAsync(HttpResponseMessage response, int status)
    {
        await ErrorAsync(response, status, null);
        Assert.False(string.IsNullOrEmpty((await response.JsonAsync()).GetProperty("detail").GetString()));
    }

    public static void NotCached(HttpResponseMessage response)
    {
        Assert.Equal("no-store", response.Headers.CacheControl?.ToString());
        Assert.Equal("no-cache", response.Headers.Pragma.ToString());
    }

    [GeneratedRegex(@"^[\x20-\x21\x23-\x5B\x5D-\x7E]+\z")]
    private static partial Regex OAuthText();
}

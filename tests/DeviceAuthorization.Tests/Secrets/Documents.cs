namespace DeviceAuthorization.Tests;

/// <summary>Short ways to make, mask and edit secret documents.</summary>
internal static class Documents
{
    public static SecretDocument Document(this string json, SecretKeys? keys = null)
    {
        Assert.True(SecretDocument.TryParse(json, keys ?? SecretKeys.Default, out var document, out var problem), problem);
        return document;
    }

    public static string Masked(this string json) => json.Document().ToMaskedJson();

    public static SecretDocument Replace(this SecretDocument stored, SecretDocument incoming)
    {
        Assert.True(stored.TryReplace(incoming, out var result, out var problem), problem);
        return result;
    }

    public static SecretDocument Patch(this SecretDocument stored, SecretDocument patch)
    {
        Assert.True(stored.TryPatch(patch, out var result, out var problem), problem);
        return result;
    }

    /// <summary>The JSON text that nests objects so many levels deep.</summary>
    public static string Nested(int levels, string innermost = "1") =>
        string.Concat(Enumerable.Repeat("""{"a":""", levels)) + innermost + new string('}', levels);
}

namespace DeviceAuthorization.TestKit;

/// <summary>The sources that this test run was built from.</summary>
public static class Repository
{
    public static string Root { get; } = FindRoot();

    /// <summary>Every C# file below a folder of the repository that a person wrote; paths are relative to the folder, with slashes.</summary>
    public static IReadOnlyList<(string Path, string[] Lines)> Sources(string folder)
    {
        var top = Path.Combine(Root, folder);
        var files = Directory.EnumerateFiles(top, "*.cs", SearchOption.AllDirectories)
            .Select(file => (Path: Path.GetRelativePath(top, file).Replace('\\', '/'), File: file))
            .Where(file => !file.Path.Split('/').Any(part => part is "obj" or "bin"))
            .Select(file => (file.Path, File.ReadAllLines(file.File)))
            .OrderBy(file => file.Path, StringComparer.Ordinal)
            .ToArray();
        Assert.NotEmpty(files);
        return files;
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "DeviceAuthorization.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException("DeviceAuthorization.sln is in no folder above the tests.");
    }
}

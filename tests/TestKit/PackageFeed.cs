namespace DeviceAuthorization.TestKit;

/// <summary>
/// A folder outside the repository with packages of this build, in a version that is nowhere else, and with projects that use them. All other
/// packages come from the machine's cache, to which nothing is added.
/// </summary>
public sealed class PackageFeed : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("feed-");

    private PackageFeed()
    {
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(Packages);
        File.WriteAllText(Path.Combine(_folder.FullName, "Directory.Build.props"), $"""
            <Project>
              <PropertyGroup>
                <RestoreSources>{Packages}</RestoreSources>
                <RestoreFallbackFolders>{cache}</RestoreFallbackFolders>
                <RestorePackagesPath>{Path.Combine(_folder.FullName, "restored")}</RestorePackagesPath>
                <UseSharedCompilation>false</UseSharedCompilation>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
            </Project>
            """);
    }

    /// <summary>The version of the packages.</summary>
    public string Version { get; } = $"0.0.0-test{Guid.NewGuid():N}";

    private string Packages => Path.Combine(_folder.FullName, "packages");

    /// <summary>Packs what was built before this test.</summary>
    /// <param name="projects">Folders of the repository, such as <c>src/DeviceAuthorization</c>.</param>
    public static async Task<PackageFeed> PackAsync(params string[] projects)
    {
        var feed = new PackageFeed();
        try
        {
            // One call for all: most of the time of a `dotnet pack` is its start.
            var all = Path.Combine(feed._folder.FullName, "all.proj");
            var files = projects.Select(project => Assert.Single(Directory.GetFiles(Path.Combine(Repository.Root, project), "*.csproj")));
            await File.WriteAllTextAsync(all, $"""
                <Project>
                  <Target Name="Pack">
                    <MSBuild Projects="{string.Join(';', files)}" Targets="Pack" BuildInParallel="true"
                      Properties="Configuration={Sdk.Configuration};NoBuild=true;Version={feed.Version};PackageOutputPath={feed.Packages};NuspecOutputPath={Path.Combine(feed._folder.FullName, "nuspec")}" />
                  </Target>
                </Project>
                """);
            await Sdk.RunAsync(feed.Packages, "msbuild", all, "-t:Pack", "-m", "-nodeReuse:false", "-p:_IsPacking=true");
            return feed;
        }
        catch
        {
            feed.Dispose();
            throw;
        }
    }

    /// <summary>The file with the package, and the one with its symbols.</summary>
    /// <param name="id">As in <c>DeviceAuthorization</c>.</param>
    public string[] Files(string id) => [.. Directory.GetFiles(Packages, $"{id}.{Version}.*").Order(StringComparer.Ordinal)];

    /// <summary>An empty folder for a project.</summary>
    public string NewFolder(string name) => _folder.CreateSubdirectory(name).FullName;

    /// <summary>Builds the project in a folder, without a warning; its assembly.</summary>
    public static async Task<string> BuildAsync(string folder)
    {
        await Sdk.RunAsync(folder, "build", "-c", Sdk.Configuration, "-warnaserror", "-nodeReuse:false");
        var project = Path.GetFileNameWithoutExtension(Assert.Single(Directory.GetFiles(folder, "*.csproj")));
        return Path.Combine(folder, "bin", Sdk.Configuration, "net10.0", project + ".dll");
    }

    /// <summary>Builds the host in a folder, and starts it there.</summary>
    public static async Task<ListeningProcess> StartAsync(string folder, params string[] settings) =>
        await ListeningProcess.StartAsync(folder, "dotnet", [await BuildAsync(folder), .. settings]);

    public void Dispose() => _folder.Delete(recursive: true);
}

using System.Xml.Linq;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>A host in a folder of its own: a project as of <c>dotnet new web</c> that refers to the library, built by the SDK and started as a process.</summary>
internal sealed class ReadmeHost : IAsyncDisposable
{
    /// <summary>Release or Debug, as this test: what the project refers to is there already.</summary>
    internal static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("readme-");
    private ListeningProcess? _process;

    private ReadmeHost()
    {
    }

    /// <param name="program">Program.cs.</param>
    /// <param name="signIn">The reader's sign-in.</param>
    /// <param name="types">Further types.</param>
    /// <param name="settings">As on its command line.</param>
    public static async Task<ReadmeHost> StartAsync(string program, string signIn, string types = "", params string[] settings)
    {
        var host = new ReadmeHost();
        try
        {
            host.Write("Host.csproj", Project());
            host.Write("Program.cs", program);
            host.Write("SignIn.cs", signIn);
            host.Write("Types.cs", types);
            var (exitCode, output) = await ListeningProcess.RunAsync(host._folder.FullName, "dotnet", "build", "-c", Configuration, "-warnaserror", "-nodeReuse:false");
            Assert.True(exitCode == 0, $"{output}\n{program}\n{types}");
            host._process = await ListeningProcess.StartAsync(host._folder.FullName, "dotnet", [Path.Combine("bin", Configuration, "net10.0", "Host.dll"), .. settings]);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with cookies of its own, which follows redirects.</summary>
    public HttpClient Client() => _process!.Client();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _folder.Delete(recursive: true);
    }

    private static string Project()
    {
        var versions = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion");
        var sqlite = versions.Single(package => package.Attribute("Include")!.Value == "Microsoft.EntityFrameworkCore.Sqlite").Attribute("Version")!.Value;
        var projects = ((string[])["DeviceAuthorization", "DeviceAuthorization.EntityFramework", "DeviceAuthorization.Redis", "DeviceAuthorization.Client", "DeviceAuthorization.Testing"])
            .Select(name => $"""<ProjectReference Include="{Path.Combine(Repository.Root, "src", name, name + ".csproj")}" />""");
        return $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <PropertyGroup Label="What it refers to was built before this test, and is not written to.">
                <BuildProjectReferences>false</BuildProjectReferences>
                <RestoreRecursive>false</RestoreRecursive>
                <UseSharedCompilation>false</UseSharedCompilation>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite" Version="{sqlite}" />
                {string.Join('\n', projects)}
              </ItemGroup>
            </Project>
            """;
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder.FullName, file), text);
}

using System.Xml.Linq;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The host of README.md in a project as of <c>dotnet new web</c>, which gets the library as packages.</summary>
internal static class ReadmeHost
{
    /// <param name="feed">Has the packages.</param>
    /// <param name="program">Program.cs.</param>
    /// <param name="signIn">The reader's sign-in.</param>
    /// <param name="types">Further types.</param>
    /// <param name="settings">As on its command line.</param>
    public static Task<ListeningProcess> StartAsync(PackageFeed feed, string program, string signIn, string types = "", params string[] settings)
    {
        var folder = feed.NewFolder(Guid.NewGuid().ToString("N"));
        void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);
        Write("Host.csproj", Project(feed.Version));
        Write("Program.cs", program);
        Write("SignIn.cs", signIn);
        Write("Types.cs", types);
        return PackageFeed.StartAsync(folder, settings);
    }

    private static string Project(string version)
    {
        var versions = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion");
        var sqlite = versions.Single(package => package.Attribute("Include")!.Value == "Microsoft.EntityFrameworkCore.Sqlite").Attribute("Version")!.Value;
        var packages = ((string[])["DeviceAuthorization", "DeviceAuthorization.EntityFramework", "DeviceAuthorization.Redis", "DeviceAuthorization.Client", "DeviceAuthorization.Testing"])
            .Select(name => $"""<PackageReference Include="{name}" Version="{version}" />""");
        return $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                {string.Join('\n', packages)}
                <PackageReference Include="Microsoft.EntityFrameworkCore.Sqlite" Version="{sqlite}" />
              </ItemGroup>
            </Project>
            """;
    }
}

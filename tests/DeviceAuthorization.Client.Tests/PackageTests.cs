namespace DeviceAuthorization.Client.Tests;

/// <summary>The package as its users get it: packed, restored from a folder, compiled against on both frameworks, and run.</summary>
public sealed class PackageTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("package-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_program_and_a_netstandard_library_use_it_from_a_folder()
    {
        var project = Path.Combine(Repository.Root, "src", "DeviceAuthorization.Client", "DeviceAuthorization.Client.csproj");
        await Sdk.RunAsync(_folder.FullName, "pack", project, "-c", Sdk.Configuration, "--no-build", "-o", Path.Combine(_folder.FullName, "feed"));
        Assert.Single(Directory.GetFiles(Path.Combine(_folder.FullName, "feed")));
        Write("Consumer.csproj", """
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>
                <OutputType Condition="'$(TargetFramework)' == 'net10.0'">Exe</OutputType>
                <LangVersion>latest</LangVersion>
                <Nullable>enable</Nullable>
                <RestoreAdditionalProjectSources>$(MSBuildProjectDirectory)/feed</RestoreAdditionalProjectSources>
                <RestoreFallbackFolders>$(NuGetPackageRoot)</RestoreFallbackFolders>
                <RestorePackagesPath>$(MSBuildProjectDirectory)/packages</RestorePackagesPath>
                <UseSharedCompilation>false</UseSharedCompilation>
                <NuGetAudit>false</NuGetAudit>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="DeviceAuthorization.Client" Version="*-*" />
              </ItemGroup>
            </Project>
            """);
        Write("Program.cs", """
            using System;
            using System.Net.Http;
            using System.Threading.Tasks;
            using DeviceAuthorization.Client;

            public static class Program
            {
                public static async Task Main()
                {
                    using var http = PairingClient.CreateHttpClient();
                    var client = new PairingClient(http, new PairingClientOptions { Server = new Uri("http://127.0.0.1:1"), ClientId = "tv", Device = new() { Name = "TV" } });
                    try
                    {
                        await foreach (var step in (await client.StartAsync()).WatchAsync())
                        {
                            Console.WriteLine(step);
                        }
                    }
                    catch (PairingException e) when (e.IsTransient)
                    {
                        Console.WriteLine("transient");
                    }

                    Console.WriteLine(IssuedToken.Parse("{ \"access_token\": \"x\" }").TokenType);
            #if NET
                    Console.WriteLine(TerminalQrCode.Draw("https://example.org").Length > 100);
            #endif
                }
            }
            """);
        await Sdk.RunAsync(_folder.FullName, "build", Path.Combine(_folder.FullName, "Consumer.csproj"), "-c", Sdk.Configuration, "-warnaserror", "-nodeReuse:false");

        Assert.Equal("transient\nBearer\nTrue\n", await Sdk.RunAsync(_folder.FullName, Path.Combine(_folder.FullName, "bin", Sdk.Configuration, "net10.0", "Consumer.dll")));
        Assert.True(File.Exists(Path.Combine(_folder.FullName, "bin", Sdk.Configuration, "netstandard2.0", "Consumer.dll")));
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_folder.FullName, file), text);
}

namespace DeviceAuthorization.Client.Tests;

/// <summary>The package as its users get it: packed, restored from a folder, compiled against on both frameworks, and run.</summary>
public sealed class PackageTests
{
    [Fact]
    public async Task A_program_and_a_netstandard_library_use_it_from_a_folder()
    {
        using var feed = await PackageFeed.PackAsync("src/DeviceAuthorization.Client");
        Assert.Equal(".nupkg .snupkg", string.Join(' ', feed.Files("DeviceAuthorization.Client").Select(Path.GetExtension)));
        var folder = feed.NewFolder("consumer");
        void Write(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);
        Write("Consumer.csproj", $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFrameworks>net10.0;netstandard2.0</TargetFrameworks>
                <OutputType Condition="'$(TargetFramework)' == 'net10.0'">Exe</OutputType>
                <LangVersion>latest</LangVersion>
                <Nullable>enable</Nullable>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="DeviceAuthorization.Client" Version="{feed.Version}" />
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
        var program = await PackageFeed.BuildAsync(folder);

        Assert.Equal("transient\nBearer\nTrue", await Sdk.RunAsync(folder, program));
        Assert.True(File.Exists(program.Replace("net10.0", "netstandard2.0", StringComparison.Ordinal)));
    }
}

using System.Collections.Concurrent;
using System.Diagnostics;
using System.Xml.Linq;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>A host in a folder of its own: a project as of <c>dotnet new web</c> that refers to the library, built by the SDK and started as a process.</summary>
internal sealed class ReadmeHost : IAsyncDisposable
{
    private const string Listening = "Now listening on: ";

    /// <summary>Long for a busy build machine.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    /// <summary>Release or Debug, as this test: what the project refers to is there already.</summary>
    private static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("readme-");
    private readonly ConcurrentQueue<string> _output = new();
    private readonly TaskCompletionSource<Uri> _address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Process? _process;

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
            using (var build = host.Run("build", "-c", Configuration, "-warnaserror", "-nodeReuse:false"))
            {
                await build.WaitForExitAsync().WaitAsync(Patience);
                Assert.True(build.ExitCode == 0, $"{host}\n{program}\n{types}");
            }

            host._process = host.Run([Path.Combine("bin", Configuration, "net10.0", "Host.dll"), "--urls=http://127.0.0.1:0", .. settings]);
            _ = host._process.WaitForExitAsync().ContinueWith(_ => host._address.TrySetException(new InvalidOperationException($"It ended.\n{host}")), TaskScheduler.Default);
            await host._address.Task.WaitAsync(Patience);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>A client with cookies of its own, which follows redirects.</summary>
    public HttpClient Client() => new() { BaseAddress = _address.Task.Result };

    public override string ToString() => string.Join('\n', _output);

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            _process.Kill(); // does nothing to a process that has ended
            await _process.WaitForExitAsync();
            _process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    private static string Project()
    {
        var versions = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props")).Descendants("PackageVersion");
        var sqlite = versions.Single(package => package.Attribute("Include")!.Value == "Microsoft.EntityFrameworkCore.Sqlite").Attribute("Version")!.Value;
        var projects = ((string[])["DeviceAuthorization", "DeviceAuthorization.EntityFramework", "DeviceAuthorization.Redis"])
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

    private Process Run(params string[] arguments)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", arguments)
            {
                Environment = { ["ASPNETCORE_ENVIRONMENT"] = "Development" },
                RedirectStandardError = true,
                RedirectStandardOutput = true,
                UseShellExecute = false,
                WorkingDirectory = _folder.FullName,
            },
        };
        process.OutputDataReceived += (_, line) => Read(line.Data);
        process.ErrorDataReceived += (_, line) => Read(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        _output.Enqueue(line);
        if (line.IndexOf(Listening, StringComparison.Ordinal) is >= 0 and var at)
        {
            _address.TrySetResult(new Uri(line[(at + Listening.Length)..].Trim()));
        }
    }
}

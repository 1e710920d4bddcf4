using System.Diagnostics;

namespace DeviceAuthorization.Client.Tests;

/// <summary>Runs <c>dotnet</c>.</summary>
internal static class Sdk
{
    /// <summary>Release or Debug, as this test: what it packs or publishes is built already.</summary>
    public static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5); // for a busy build machine

    /// <summary>Runs it to its end, without an error; what it printed.</summary>
    public static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments)
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        try
        {
            await process.WaitForExitAsync().WaitAsync(Patience);
        }
        finally
        {
            process.Kill(entireProcessTree: true); // does nothing to a process that has ended
        }

        Assert.True(process.ExitCode == 0, $"{await output}\n{await errors}");
        return await output;
    }
}

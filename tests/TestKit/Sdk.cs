namespace DeviceAuthorization.TestKit;

/// <summary>Runs <c>dotnet</c>.</summary>
public static class Sdk
{
    /// <summary>Release or Debug, as this test: what it packs or publishes is built already.</summary>
    public static readonly string Configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    /// <summary>Runs it to its end, without an error; what it printed.</summary>
    public static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var (exitCode, output) = await ListeningProcess.RunAsync(folder, "dotnet", arguments);
        Assert.True(exitCode == 0, output);
        return output;
    }
}

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The template of <c>dotnet new</c>, as its users get it.</summary>
[Collection(Packages.Name)]
public sealed class TemplateTests(Packages packages)
{
    [Fact]
    public async Task A_new_host_starts_at_once_and_a_device_pairs_with_it()
    {
        var installed = packages.Feed.NewFolder("installed");
        var folder = packages.Feed.NewFolder("My-Cinema");
        var template = Assert.Single(packages.Feed.Files("DeviceAuthorization.Templates"));
        await Sdk.RunAsync(installed, "new", "install", template, "--debug:custom-hive", installed);
        await Sdk.RunAsync(folder, "new", "device-authorization", "--debug:custom-hive", installed);
        Assert.True(File.Exists(Path.Combine(folder, "My-Cinema.csproj")));

        await using var host = await PackageFeed.StartAsync(folder);
        using var person = host.Client();
        using var registered = await person.RegisterAsync();
        Assert.Equal("/pair/devices", registered.RequestMessage!.RequestUri!.AbsolutePath); // signed in, and at home
        Assert.Equal("Hello Telly", await ReadmeTests.PairAsync(host, person, "tv"));
        Assert.Contains("Telly", await person.GetStringAsync("/pair/devices"), StringComparison.Ordinal);
    }
}

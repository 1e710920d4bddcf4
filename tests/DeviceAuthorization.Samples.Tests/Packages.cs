namespace DeviceAuthorization.Tests.Samples;

/// <summary>Every package, packed once for the tests that use one as its users do.</summary>
[CollectionDefinition(Name)]
public sealed class Packages : IAsyncLifetime, ICollectionFixture<Packages>
{
    public const string Name = "packages";

    public PackageFeed Feed { get; private set; } = null!;

    public async Task InitializeAsync() => Feed = await PackageFeed.PackAsync(
        [.. Directory.GetDirectories(Path.Combine(Repository.Root, "src")), .. Directory.GetDirectories(Path.Combine(Repository.Root, "templates"))]);

    public Task DisposeAsync()
    {
        Feed.Dispose();
        return Task.CompletedTask;
    }
}

using Xunit.Abstractions;

namespace DeviceAuthorization.BrowserTests;

[Collection(nameof(TelevisionBrowser))]
public sealed class TelevisionTests(Chromium chromium, ITestOutputHelper log)
{
    private const int Paired = 0;
    private const int Denied = 3;

    /// <summary>The television's poll is held, so it may be connected before the page is drawn.</summary>
    private const string Approved = "Device approved|Device connected";

    [SkippableFact]
    public async Task A_television_that_is_approved_on_the_phone_reads_the_library()
    {
        await using var story = new TelevisionStory("approved", await chromium.NewPhoneAsync(javaScript: true), log);
        var television = await story.StartTelevisionAsync();
        await story.ReviewAsync(television);
        await story.DecideAsync("Approve", Approved);

        Assert.Equal(Paired, await television.ExitCodeAsync());
        Assert.Contains("/api/library answered 200", television.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_television_shows_the_number_that_its_owner_chooses()
    {
        await using var story = new TelevisionStory("number", await chromium.NewPhoneAsync(javaScript: true), log);
        var television = await story.StartTelevisionAsync("--DeviceAuthorization:NumberMatching=Always");
        await story.ReviewAsync(television);
        await story.DecideAsync("Approve", "Which number does your device show?");
        await story.DecideAsync((await television.ReadLineAsync("Compare: "))[^2..], Approved);

        Assert.Equal(Paired, await television.ExitCodeAsync());
        Assert.Contains("/api/library answered 200", television.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_television_that_is_denied_on_the_phone_gives_up()
    {
        await using var story = new TelevisionStory("denied", await chromium.NewPhoneAsync(javaScript: true), log);
        var television = await story.StartTelevisionAsync();
        await story.ReviewAsync(television);
        await story.DecideAsync("Deny", "Device denied");

        Assert.Equal(Denied, await television.ExitCodeAsync());
        Assert.DoesNotContain("/api/library", television.Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_phone_without_JavaScript_approves_a_television_too()
    {
        await using var story = new TelevisionStory("without-javascript", await chromium.NewPhoneAsync(javaScript: false), log);
        var television = await story.StartTelevisionAsync();
        await story.ReviewAsync(television);
        await story.DecideAsync("Approve", Approved);

        Assert.Equal(Paired, await television.ExitCodeAsync());
        Assert.Contains("/api/library answered 200", television.Output, StringComparison.Ordinal);
    }
}

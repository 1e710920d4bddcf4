using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary>What people see, word by word.</summary>
public sealed partial class PageSnapshotTests
{
    [Fact]
    public async Task Enter()
    {
        await using var host = await TestHost.StartAsync();
        await VerifyAsync(await (await host.SignInAsync("alice")).GetStringAsync(Browser.Page));
    }

    [Fact]
    public async Task Enter_with_the_code_of_a_link()
    {
        await using var host = await TestHost.StartAsync();
        await VerifyAsync(await (await host.SignInAsync("alice")).GetStringAsync($"{Browser.Page}?user_code=wdjbmjht"));
    }

    [Fact]
    public async Task Enter_with_a_problem()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync("BBBB-BBBB");
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public async Task Review_of_a_known_device()
    {
        await using var host = await TestHost.StartAsync();
        var alice = await host.SignInAsync("alice");
        await alice.ApproveAsync((await host.Device().StartJsonAsync("id-1", "Kitchen <TV>")).UserCode);
        using var answer = await alice.EnterCodeAsync((await host.Device().StartJsonAsync("id-1", "Stranger")).UserCode);
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public async Task Review()
    {
        var policy = new TestPolicy { Lacking = { ("alice", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync("id-1", "Living room TV", "library.read", "library.write", "profile");
        host.Clock.Advance(TimeSpan.FromMinutes(3));
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public async Task Review_of_a_plain_client()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public Task Result_approved() => VerifyDecisionAsync("approve");

    [Fact]
    public Task Result_denied() => VerifyDecisionAsync("deny");

    [Fact]
    public Task Result_nothing_approved() => VerifyDecisionAsync("approve", untick: "library.read");

    [Fact]
    public Task Result_start_again() => VerifyDecisionAsync("maybe");

    [Fact]
    public async Task Result_connected()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        using var answer = await alice.EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public async Task Result_not_possible()
    {
        var policy = new TestPolicy { Locked = { "alice" } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve", "library.read");
        await VerifyAsync(await answer.HtmlAsync());
    }

    [Fact]
    public async Task Result_try_again()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync("BBBB-BBBB");
        await VerifyAsync(await answer.HtmlAsync());
    }

    private static async Task VerifyDecisionAsync(string decision, string untick = "", [CallerMemberName] string method = "")
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, decision, untick);
        await VerifyAsync(await answer.HtmlAsync(), method);
    }

    /// <summary>The style sheet is on every page and no matter of words.</summary>
    private static Task VerifyAsync(string html, [CallerMemberName] string method = "") =>
        Verifier.Verify(Style().Replace(html, "<style>{style}</style>"), "html", method: method);

    [GeneratedRegex("<style>.*</style>", RegexOptions.Singleline)]
    private static partial Regex Style();
}

namespace DeviceAuthorization.Tests;

/// <summary>What people see, word by word.</summary>
public sealed class PageSnapshotTests
{
    [Fact]
    public async Task Enter()
    {
        await using var host = await TestHost.StartAsync();
        await Verifier.Verify(await (await host.SignInAsync("alice")).GetStringAsync(Browser.Page), "html");
    }

    [Fact]
    public async Task Enter_with_the_code_of_a_link()
    {
        await using var host = await TestHost.StartAsync();
        await Verifier.Verify(await (await host.SignInAsync("alice")).GetStringAsync($"{Browser.Page}?user_code=wdjbmjht"), "html");
    }

    [Fact]
    public async Task Enter_with_a_problem()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync("BBBB-BBBB");
        await Verifier.Verify(await answer.HtmlAsync(), "html");
    }

    [Fact]
    public async Task Review()
    {
        var policy = new TestPolicy { Lacking = { ("alice", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync("id-1", "Living room TV", "library.read", "library.write", "profile");
        host.Clock.Advance(TimeSpan.FromMinutes(3));
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        await Verifier.Verify(await answer.HtmlAsync(), "html");
    }

    [Fact]
    public async Task Review_of_a_plain_client()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync(codes.UserCode);
        await Verifier.Verify(await answer.HtmlAsync(), "html");
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
        await Verifier.Verify(await answer.HtmlAsync(), "html");
    }

    [Fact]
    public async Task Result_not_possible()
    {
        var policy = new TestPolicy { Locked = { "alice" } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, "approve", "library.read");
        await Verifier.Verify(await answer.HtmlAsync(), "html");
    }

    [Fact]
    public async Task Result_try_again()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        using var answer = await (await host.SignInAsync("alice")).EnterCodeAsync("BBBB-BBBB");
        await Verifier.Verify(await answer.HtmlAsync(), "html");
    }

    private static async Task VerifyDecisionAsync(string decision, string untick = "", [System.Runtime.CompilerServices.CallerMemberName] string method = "")
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await host.SignInAsync("alice")).DecideOnPageAsync(codes.UserCode, decision, untick);
        await Verifier.Verify(await answer.HtmlAsync(), "html", method: method);
    }
}

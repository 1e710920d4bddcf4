using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>What people see, word by word: from left to right, and from right to left.</summary>
public sealed partial class PageSnapshotTests
{
    public static TheoryData<string> Languages => ["en", "ar"];

    [Theory, MemberData(nameof(Languages))]
    public async Task Enter(string language)
    {
        await using var host = await TestHost.StartAsync();
        await VerifyAsync(await (await SignInAsync(host, language)).GetStringAsync(Browser.Page), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Enter_with_the_code_of_a_link(string language)
    {
        await using var host = await TestHost.StartAsync();
        await VerifyAsync(await (await SignInAsync(host, language)).OpenLinkAsync($"{Browser.Page}?user_code=wdjbmjht"), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Enter_with_a_problem(string language)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync("BBBB-BBBB");
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Review_of_a_known_device(string language)
    {
        await using var host = await TestHost.StartAsync();
        var alice = await SignInAsync(host, language);
        await alice.ApproveAsync((await host.Device().StartJsonAsync("id-1", "Kitchen <TV>")).UserCode);
        using var answer = await alice.EnterCodeAsync((await host.Device().StartJsonAsync("id-1", "Stranger")).UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Review(string language)
    {
        var policy = new TestPolicy { Lacking = { ("alice", "library.write") } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartJsonAsync("id-1", "Living room TV", "library.read", "library.write", "profile");
        host.Clock.Advance(TimeSpan.FromMinutes(3));
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Review_at_the_token_limit(string language)
    {
        await using var host = await DevicesBrowser.StartAsync(options => options.MaxTokensPerUser = 1);
        await host.PairAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Review_of_a_plain_client(string language)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Review_of_a_registered_client(string language)
    {
        await using var host = await TestHost.StartAsync(options => options.Clients["tv"] = new DeviceClient { DisplayName = "Cartridge TV", LogoPath = "/tv.svg" });
        var codes = await host.Device().StartAsync();
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Enter_with_the_link_of_an_app_that_wants_its_code_typed(string language)
    {
        await using var host = await TestHost.StartAsync(options => options.Clients["tv"] = new DeviceClient { AllowLink = false });
        var (codes, alice) = (await host.Device().StartAsync(), await SignInAsync(host, language));
        await alice.OpenLinkAsync($"{Browser.Page}?user_code={codes.UserCode}");
        using var answer = await alice.EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Match(string language)
    {
        await using var host = await TestHost.StartAsync(options => options.NumberMatching = NumberMatching.Always);
        using var init = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "profile"), ("number_matching", "true"));
        using var answer = await (await SignInAsync(host, language)).DecideOnPageAsync(StartedCodes.From(await init.JsonAsync()).UserCode, "approve");
        await VerifyAsync(Number().Replace(await answer.HtmlAsync(), "value=\"{number}\">{number}<"), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public Task Result_approved(string language) => VerifyDecisionAsync(language, "approve");

    [Theory, MemberData(nameof(Languages))]
    public Task Result_denied(string language) => VerifyDecisionAsync(language, "deny");

    [Theory, MemberData(nameof(Languages))]
    public Task Result_nothing_approved(string language) => VerifyDecisionAsync(language, "approve", untick: "library.read");

    [Theory, MemberData(nameof(Languages))]
    public Task Result_start_again(string language) => VerifyDecisionAsync(language, "maybe");

    [Theory, MemberData(nameof(Languages))]
    public async Task Result_connected(string language)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await SignInAsync(host, language);
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await host.Device().PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        using var answer = await alice.EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Result_too_late(string language)
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        var alice = await SignInAsync(host, language);
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var answer = await alice.EnterCodeAsync(codes.UserCode);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Result_not_possible(string language)
    {
        var policy = new TestPolicy { Locked = { "alice" } };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var codes = await host.Device().StartAsync();
        using var answer = await (await SignInAsync(host, language)).DecideOnPageAsync(codes.UserCode, "approve", "library.read");
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Result_try_again(string language)
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingStore, BrokenPairingStore>());
        using var answer = await (await SignInAsync(host, language)).EnterCodeAsync("BBBB-BBBB");
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_none(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await VerifyAsync(await (await SignInAsync(host, language)).GetStringAsync(DevicesBrowser.Devices), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_and_tokens(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync("Kitchen <TV>");
        host.Clock.Advance(TimeSpan.FromHours(1)); // lists are in the order of time
        await host.PairAsync(scope: "profile");
        var alice = await SignInAsync(host, language);
        host.Clock.Advance(TimeSpan.FromHours(1));
        await alice.MakeTokenAsync();
        (await alice.SendFormAsync("revoke", containing: Regex.Match(await alice.GetStringAsync(DevicesBrowser.Devices), "name=\"device\" value=\"([^\"]+)\"").Groups[1].Value)).EnsureSuccessStatusCode();
        await VerifyAsync(await alice.GetStringAsync(DevicesBrowser.Devices), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_after_a_change(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        using var answer = await (await SignInAsync(host, language)).SendFormAsync("rename", name: "Kitchen");
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_with_something_that_is_gone(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        await host.PairNamedAsync();
        var alice = await SignInAsync(host, language);
        var fields = DevicesBrowser.Fields(await alice.GetStringAsync(DevicesBrowser.Devices), "remove");
        (await alice.PostPageAsync($"{DevicesBrowser.Devices}/remove", fields)).EnsureSuccessStatusCode();
        using var answer = await alice.PostPageAsync($"{DevicesBrowser.Devices}/remove", fields);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_with_a_problem(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        using var answer = await (await SignInAsync(host, language)).SendFormAsync("token", name: "Backup <script>");
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    [Theory, MemberData(nameof(Languages))]
    public async Task Devices_token_made(string language)
    {
        await using var host = await DevicesBrowser.StartAsync();
        using var answer = await (await SignInAsync(host, language)).SendFormAsync("token", name: "Backup", change: fields => [.. fields, ("scope0", "library.read")]);
        await VerifyAsync(await answer.HtmlAsync(), language);
    }

    private static async Task VerifyDecisionAsync(string language, string decision, string untick = "", [CallerMemberName] string method = "")
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartAsync();
        using var answer = await (await SignInAsync(host, language)).DecideOnPageAsync(codes.UserCode, decision, untick);
        await VerifyAsync(await answer.HtmlAsync(), language, method);
    }

    /// <summary>Style and script are the same on every page, and no matter of words; so is the list of languages.</summary>
    private static Task VerifyAsync(string html, string language, [CallerMemberName] string method = "") => Verifier.Verify(
        Options().Replace(Style().Replace(html, "<${name}>{${name}}</${name}>"), "{languages}\n"), "html", method: language == "en" ? method : $"{method}.{language}");

    private static async Task<HttpClient> SignInAsync(TestHost host, string language)
    {
        var alice = await host.SignInAsync("alice");
        alice.DefaultRequestHeaders.Add("Accept-Language", language);
        return alice;
    }

    [GeneratedRegex("<(?<name>style|script)>.*?</\\k<name>>", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Style();

    [GeneratedRegex("value=\"([1-9]{2})\">\\1<")]
    private static partial Regex Number();

    [GeneratedRegex("(?:<option value=\"[^\"]*\" lang=.*\n)+")]
    private static partial Regex Options();
}

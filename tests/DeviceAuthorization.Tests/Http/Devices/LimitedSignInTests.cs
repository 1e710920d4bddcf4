using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Tests;

/// <summary>
/// A sign-in that is limited to some scopes needs the same ones by the API and on the page of devices, and gets no secret of a token that may do
/// more than it.
/// </summary>
public sealed partial class LimitedSignInTests
{
    private const string Page = "page";
    private const string Script = """{ "name": "x", "scopes": ["library.read"] }""";

    private static readonly string[] Everything = [.. RegistryHost.Scopes, "library.read", "library.write", "profile"];

    /// <summary>Every operation, with the scopes that it needs, each of them.</summary>
    public static readonly TheoryData<string, string, string> Operations = new()
    {
        { "GET", "/api/devices", "devices.read" },
        { "GET", "/api/devices/{device}", "devices.read" },
        { "POST", "/api/devices", "devices.write" },
        { "PUT", "/api/devices/{device}", "devices.write" },
        { "PATCH", "/api/devices/{device}", "devices.write" },
        { "DELETE", "/api/devices/{device}", "devices.write" },
        { "GET", "/api/client-tokens", "me.read" },
        { "POST", "/api/client-tokens", "me.write library.read" },
        { "PATCH", "/api/client-tokens/{token}", "me.write" },
        { "PUT", "/api/client-tokens/{token}/regenerate", "me.write library.read" },
        { "DELETE", "/api/client-tokens/{token}", "me.write" },
        { "POST", "/api/client-tokens/revoke-all", "me.write" },
        { Page, "rename", "devices.write" },
        { Page, "remove", "devices.write" },
        { Page, "narrow", "me.write" },
        { Page, "revoke", "me.write" },
        { Page, "delete", "me.write" },
        { Page, "token", "me.write library.read" },
        { Page, "sign-out", "me.write" },
    };

    [Fact]
    public void Every_endpoint_and_every_form_is_an_operation_of_the_table()
    {
        var forms = DevicesBrowser.Forms.Select(form => $"{Page} {form}");
        Assert.Equal(
            DeviceAccessTests.Calls.Select(Name).Concat(forms).Order(StringComparer.Ordinal), Operations.Select(Name).Order(StringComparer.Ordinal), StringComparer.Ordinal);

        static string Name(object[] row) => $"{row[0]} {row[1]}";
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task Without_any_one_of_its_scopes_an_operation_is_refused_and_changes_nothing(string method, string target, string scopes)
    {
        await using var host = await StartAsync();
        var ids = await FillAsync(host);
        foreach (var missing in scopes.Split(' '))
        {
            var limited = await host.SignInAsync("alice", string.Join(' ', Everything.Except([missing], StringComparer.Ordinal)));
            var before = await StateAsync(host);
            var answer = await DoAsync(limited, method, target, ids);
            Assert.Equal(method == Page && missing == "library.read" ? HttpStatusCode.BadRequest : HttpStatusCode.Forbidden, answer.Status);
            Assert.Equal(method == Page && missing != "library.read", answer.Text.Contains("Your sign-in does not allow this", StringComparison.Ordinal));
            Assert.DoesNotMatch("(?<![A-Za-z0-9_-])da_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])", answer.Text); // a token; an antiforgery token may have "da_" inside
            Assert.Equal(before, await StateAsync(host));
        }
    }

    [Fact]
    public async Task What_the_policy_says_when_it_is_asked_again_lets_no_limited_sign_in_pass()
    {
        await using var host = await RegistryHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(new OnceActive()));
        using var answer = await (await host.SignInAsync("alice", "me.read")).DeleteAsync(new Uri("/api/devices/x", UriKind.Relative));
        Assert.Equal((HttpStatusCode.Forbidden, "Your sign-in lacks the scopes for this."), (answer.StatusCode, await answer.DetailAsync()));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task With_its_scopes_alone_and_without_limits_it_is_done(string method, string target, string scopes)
    {
        foreach (var scope in new[] { scopes, null })
        {
            await using var host = await StartAsync();
            var ids = await FillAsync(host);
            var before = await StateAsync(host);
            var answer = await DoAsync(await host.SignInAsync("alice", scope), method, target, ids);
            Assert.InRange((int)answer.Status, 200, 399);
            Assert.Equal(method == "GET", before == await StateAsync(host));
        }
    }

    [Theory]
    [InlineData(null, true, true, "rename narrow revoke remove delete token sign-out")]
    [InlineData("devices.read", true, false, "")]
    [InlineData("devices.read devices.write", true, false, "rename remove")]
    [InlineData("me.read", false, true, "")]
    [InlineData("me.read me.write", false, true, "delete token sign-out")]
    [InlineData("me.write", false, false, "token sign-out")]
    [InlineData("devices.read me.read", true, true, "")]
    [InlineData("devices.read me.read me.write", true, true, "narrow revoke delete token sign-out")]
    public async Task The_page_shows_and_offers_what_the_sign_in_may_see_and_do(string? scope, bool devices, bool tokens, string forms)
    {
        await using var host = await StartAsync();
        await FillAsync(host);
        var html = await (await host.SignInAsync("alice", scope)).GetStringAsync(DevicesBrowser.Devices);
        Assert.Equal(devices, html.Contains("<h2><bdi>Living room TV</bdi></h2>", StringComparison.Ordinal));
        Assert.Equal(tokens, html.Contains("<bdi>Script</bdi>", StringComparison.Ordinal));
        Assert.Equal(devices && tokens, html.Contains("<li>See your library</li>", StringComparison.Ordinal) && html.Contains("<dt>Last seen</dt>", StringComparison.Ordinal));
        Assert.DoesNotContain("It has no access now.", html, StringComparison.Ordinal);
        Assert.DoesNotContain("You have none.", html, StringComparison.Ordinal);
        Assert.Equal(
            forms.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            Form().Matches(html).Select(form => form.Groups[1].Value).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    [Theory]
    [InlineData("profile")]
    [InlineData("library.read devices.write")]
    public async Task A_sign_in_that_may_see_neither_gets_a_page_that_says_so(string scope)
    {
        await using var host = await StartAsync();
        await FillAsync(host);
        using var answer = await (await host.SignInAsync("alice", scope)).GetAsync(DevicesBrowser.Devices);
        Assert.Equal((HttpStatusCode.Forbidden, "Your sign-in does not allow this"), (answer.StatusCode, await answer.TitleAsync()));
        Assert.DoesNotContain("Living room TV", await answer.HtmlAsync(), StringComparison.Ordinal);
    }

    private static Task<TestHost> StartAsync() => RegistryHost.StartAsync(map: app => app.MapDevicesPage());

    /// <summary>Alice has a device that may read and write, and a token made by hand that may read.</summary>
    private static async Task<(string Device, string DeviceToken, string Token)> FillAsync(TestHost host)
    {
        var (_, device) = await host.PairNamedAsync();
        var alice = await host.SignInAsync("alice");
        var token = (await alice.CallAsync("POST", RegistryHost.Tokens, """{ "name": "Script", "scopes": ["library.read"] }""")).Body.String("id")!;
        return (device, Assert.Single(await alice.IdsAsync(RegistryHost.Tokens), id => id != token), token);
    }

    private static async Task<Answer> DoAsync(HttpClient client, string method, string target, (string Device, string DeviceToken, string Token) ids)
    {
        if (method != Page)
        {
            var path = target.Replace("{device}", ids.Device, StringComparison.Ordinal).Replace("{token}", ids.Token, StringComparison.Ordinal);
            return await client.CallAsync(method, path, method is "GET" or "DELETE" ? null : Script);
        }

        var antiforgery = Browser.Antiforgery(await client.GetStringAsync(Browser.Page)); // every sign-in gets one there
        (string, string)[] fields = target switch
        {
            "rename" => [("device", ids.Device), ("name", "x")],
            "narrow" => [("token", ids.DeviceToken), ("scope0", "library.read")],
            "delete" => [("token", ids.Token)],
            "token" => [("name", "x"), ("scope0", "library.read"), ("expires_in", "90d")],
            "sign-out" => [],
            _ => [("device", ids.Device)],
        };
        using var answer = await client.PostOnlyAsync($"{DevicesBrowser.Devices}/{target}", [("__RequestVerificationToken", antiforgery), .. fields]);
        return new Answer(answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>All that is stored of alice.</summary>
    private static async Task<string> StateAsync(TestHost host)
    {
        var repository = host.Services.GetRequiredService<IDeviceRepository>();
        return JsonSerializer.Serialize((object[])[await repository.ListAsync("alice", default), await repository.ListTokensAsync("alice", default)]);
    }

    [GeneratedRegex("action=\"/pair/devices/(rename|narrow|revoke|remove|delete|token|sign-out)\"")]
    private static partial Regex Form();

    private sealed class OnceActive : IPairingPolicy
    {
        private int _asked;

        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(Interlocked.Increment(ref _asked) == 1);
    }
}

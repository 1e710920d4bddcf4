using System.Net;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.HttpLogging;
using Microsoft.Extensions.Logging.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A host that logs all of HTTP that ASP.NET Core can log (T-25).</summary>
public sealed class HostLoggingTests
{
    private const string Category = "Microsoft.AspNetCore.HttpLogging.HttpLoggingMiddleware";
    private const string DeviceSecret = "hunter2-of-the-handheld";

    [Theory]
    [Trait("Row", "T-25")]
    [InlineData(false, null)]
    [InlineData(true, null)] // before routing, no endpoint is known
    [InlineData(true, "/app")]
    public async Task HTTP_logging_of_everything_holds_no_code_no_token_and_no_secret(bool beforeRouting, string? pathBase)
    {
        void Use(IApplicationBuilder app) => app.UseHttpLogging();
        await using var host = await Clients.StartHostAsync(
            options =>
            {
                options.Clients["grout"] = new DeviceClient();
                options.Scopes.Add("devices.read", "See your devices");
                options.Scopes.Add("devices.write", "Change your devices");
            },
            services =>
            {
                services.AddHttpLogging(logging =>
                {
                    logging.LoggingFields = HttpLoggingFields.All;
                    logging.MediaTypeOptions.AddText("application/x-www-form-urlencoded");
                    logging.MediaTypeOptions.AddText("text/html");
                });
                services.AddSingleton<IStartupFilter>(new BeforeRouting(app =>
                {
                    if (beforeRouting)
                    {
                        Use(app);
                    }

                    if (pathBase is not null)
                    {
                        app.UsePathBase(pathBase);
                    }
                }));
            },
            app =>
            {
                if (!beforeRouting)
                {
                    Use(app);
                }

                EveryEndpoint.Map(app);
                app.MapPost("/test/echo", (Microsoft.AspNetCore.Http.HttpContext context) => context.Request.Form["echo"].ToString());
            });
        var secrets = await WalkAsync(host, pathBase ?? "");
        var texts = host.Logs.GetSnapshot().Where(record => record.Category == Category).Select(Text).ToArray();
        Assert.Contains(texts, text => text.Contains("what the host logs of its own", StringComparison.Ordinal));
        Assert.True(texts.Length > 40);
        foreach (var (name, secret) in secrets)
        {
            Assert.DoesNotContain(texts, text => text.Contains(secret, StringComparison.OrdinalIgnoreCase) ? throw new Xunit.Sdk.XunitException($"{name} in: {text}") : false);
        }
    }

    [Fact]
    public async Task HTTP_logging_records_no_more_of_our_endpoints_than_of_others()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddHttpLogging(logging => logging.LoggingFields = HttpLoggingFields.ResponseStatusCode),
            map: app => app.UseHttpLogging());
        await host.Device().StartAsync();
        Assert.All(
            host.Logs.GetSnapshot().Where(record => record.Category == Category).Select(Text),
            text => Assert.DoesNotContain("/init", text, StringComparison.Ordinal));
    }

    private static string Text(FakeLogRecord record) =>
        $"{record.Message} {string.Join(' ', (record.StructuredState ?? []).Select(pair => $"{pair.Key}={pair.Value}"))}";

    /// <summary>Calls everything that takes or gives a secret; returns the secrets.</summary>
    private static async Task<List<(string Name, string Value)>> WalkAsync(TestHost host, string pathBase)
    {
        var secrets = new List<(string, string)> { ("secret of a client", Clients.ApiSecret), ("secret of a device", DeviceSecret) };
        var (device, alice) = (host.Device(), await host.SignInAsync("alice"));
        var prefix = pathBase + Wire.Prefix;

        // By form, on the page, through the link.
        using var start = await PostAsync(device, $"{prefix}/init", "client_id=tv&scope=library.read");
        var form = Note(StartedCodes.From(await start.JsonAsync()));
        (await alice.OpenLinkAsync(form.Body.String("verification_uri_complete"))).ToString();
        using var review = await alice.EnterCodeAsync(form.UserCode, pathBase + Browser.Page);
        using var decided = await alice.PostDecisionAsync(await review.HtmlAsync(), "approve");
        decided.EnsureSuccessStatusCode();
        using var paired = await PostAsync(device, $"{prefix}/token", $"client_id=tv&{Clients.Poll(form)}");
        var token = Token(await paired.JsonAsync(), "access_token");
        (await PostAsync(device, $"{prefix}/introspect", $"client_id=api&client_secret={Clients.ApiSecret}&token={token}")).EnsureSuccessStatusCode();
        (await PostAsync(device, $"{prefix}/revoke", $"client_id=tv&token={token}")).EnsureSuccessStatusCode();

        // RomM's, by JSON.
        var startJson = await device.CallAsync(
            "POST", $"{prefix}/init", """{ "client_device_identifier": "i", "name": "n", "client": "grout", "requested_scopes": ["library.read"] }""");
        var json = Note(StartedCodes.From(startJson.Body));
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("GET", $"{prefix}/pending/{json.UserCode}")).Status);
        Assert.Equal(HttpStatusCode.Gone, (await alice.CallAsync("GET", $"{prefix}/pending/{form.UserCode}")).Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("POST", $"{prefix}/approve", $$"""{ "user_code": "{{json.UserCode}}", "approved_scopes": ["library.read"] }""")).Status);
        Token((await device.CallAsync("POST", $"{prefix}/token", $$"""{ "device_code": "{{json.DeviceCode}}" }""")).Body, "access_token");

        // Devices and tokens, by JSON and on the page.
        var settings = $$"""{ "hostname": "h", "platform": "p", "sync_config": { "ssh_password": "{{DeviceSecret}}" } }""";
        var registered = await alice.CallAsync("POST", $"{pathBase}{RegistryHost.Devices}", settings);
        Assert.Equal(HttpStatusCode.Created, registered.Status);
        Assert.Equal(HttpStatusCode.OK, (await alice.CallAsync("PATCH", $"{pathBase}{RegistryHost.Devices}/{registered.Id}", settings)).Status);
        var made = await alice.CallAsync("POST", $"{pathBase}{RegistryHost.Tokens}", """{ "name": "n", "scopes": ["library.read"] }""");
        Token(made.Body, "raw_token");
        Token((await alice.CallAsync("PUT", $"{pathBase}{RegistryHost.Tokens}/{made.Body.String("id")}/regenerate")).Body, "raw_token");
        var page = await alice.GetStringAsync(pathBase + DevicesBrowser.Devices);
        using var shown = await alice.PostPageAsync(
            $"{pathBase}{DevicesBrowser.Devices}/token", [.. DevicesBrowser.Fields(page, "token").Where(field => field.Name != "name"), ("name", "x"), ("scope0", "library.read")]);
        secrets.Add(("token on the page", System.Text.RegularExpressions.Regex.Match(await shown.HtmlAsync(), "da_[0-9A-Za-z]{49}").Value));

        (await PostAsync(device, $"{pathBase}/test/echo", "echo=what the host logs of its own")).EnsureSuccessStatusCode();
        Assert.All(secrets, secret => Assert.NotEmpty(secret.Item2));
        return secrets;

        StartedCodes Note(StartedCodes codes)
        {
            secrets.AddRange([("device code", codes.DeviceCode), ("user code", codes.UserCode), ("user code", codes.UserCode.Replace("-", "", StringComparison.Ordinal))]);
            return codes;
        }

        string Token(System.Text.Json.JsonElement body, string member)
        {
            secrets.Add((member, body.String(member)!));
            return body.String(member)!;
        }
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string address, string form) =>
        client.PostAsync(address, new StringContent(form, new System.Net.Http.Headers.MediaTypeHeaderValue("application/x-www-form-urlencoded")));

    [Fact]
    public async Task A_path_of_thousands_of_slashes_costs_no_more_than_its_length()
    {
        await using var host = await TestHost.StartAsync();
        var mapped = host.Services.GetRequiredService<MappedEndpoints>();
        var path = string.Concat(Enumerable.Repeat("/a", 4000));
        Assert.NotNull(mapped.AtEndOf(path + "/api/auth/device/init"));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Null(mapped.AtEndOf(path));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1_000_000);
    }
}

using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST init</c> by form (RFC 8628 §3.1, §3.2 and §6.1): rows P-01 to P-20 of the checklist, and bad input 44.</summary>
public sealed partial class FormStartTests
{
    [Theory]
    [Trait("Row", "P-01")]
    [InlineData("init")]
    [InlineData("token")]
    public async Task Only_POST_is_allowed_and_the_answer_says_so(string endpoint)
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 1);
        foreach (var method in (string[])["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW"])
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), $"{Wire.Prefix}/{endpoint}?client_id=tv")
            {
                Content = method == "TRACE" ? null : new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]),
            };
            using var response = await host.Device().SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, response.StatusCode);
            Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
            OAuthAssert.NotCached(response);
        }

        await host.Device().StartAsync();
    }

    [Theory]
    [Trait("Row", "P-02")]
    [InlineData("application/x-www-form-urlencoded", true)]
    [InlineData("application/x-www-form-urlencoded; charset=utf-8", true)]
    [InlineData("application/x-www-form-urlencoded;charset=\"UTF-8\"", true)]
    [InlineData("APPLICATION/X-WWW-Form-UrlEncoded; Charset=UTF-8", true)]
    [InlineData("application/x-www-form-urlencoded; charset=iso-8859-1", false)]
    [InlineData("text/plain", false)]
    [InlineData("application/xml", false)]
    [InlineData("application/x-www-form-urlencoded-not", false)]
    [InlineData("nonsense", false)]
    [InlineData(null, false)]
    public async Task Parameters_travel_as_a_UTF_8_form(string? contentType, bool accepted)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync("init", "client_id=tv", contentType);
        if (accepted)
        {
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
        else
        {
            await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
        }
    }

    [Fact]
    [Trait("Row", "P-03")]
    public async Task A_start_without_client_id_is_refused()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("scope", "profile"));
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Theory]
    [Trait("Row", "P-04")]
    [InlineData("client_id=tv", "library.read library.write profile")]
    [InlineData("client_id=tv&scope=profile", "profile")]
    public async Task Without_a_scope_the_default_is_asked_for(string body, string asked)
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal(asked, await AskedScopesAsync(host, body));
    }

    [Fact]
    [Trait("Row", "P-04")]
    public async Task The_host_can_choose_the_default_scope()
    {
        await using var host = await TestHost.StartAsync(options => options.DefaultScopes = ["profile"]);
        Assert.Equal("profile", await AskedScopesAsync(host, "client_id=tv"));
    }

    [Theory]
    [Trait("Row", "P-05")]
    [InlineData(true, "Production", false)]
    [InlineData(false, "Production", true)]
    [InlineData(true, "Development", true)]
    public async Task Plain_HTTP_is_refused_unless_the_host_says_otherwise(bool requireHttps, string environment, bool answered)
    {
        await using var host = await TestHost.StartAsync(options => options.RequireHttps = requireHttps, environment: environment);
        var device = host.Device();
        foreach (var endpoint in (string[])["init", "token"])
        {
            using var response = await device.PostAsync($"http://tv.example.com{Wire.Prefix}/{endpoint}", new FormUrlEncodedContent(
                [KeyValuePair.Create("client_id", "tv"), KeyValuePair.Create("grant_type", Wire.GrantType), KeyValuePair.Create("device_code", new string('a', 43))]));
            if (!answered)
            {
                await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
                Assert.Contains("HTTPS", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
            else if (endpoint == "init")
            {
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            }
            else
            {
                await OAuthAssert.ErrorAsync(response, 400, "invalid_grant");
            }
        }
    }

    [Theory]
    [Trait("Row", "P-06")]
    [InlineData("client_id=tv&scope=")]
    [InlineData("client_id=tv&scope")]
    [InlineData("client_id=tv&name=&platform=&client_version=&client_device_identifier=")]
    public async Task A_parameter_without_a_value_is_as_if_it_was_not_sent(string body)
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal("library.read library.write profile", await AskedScopesAsync(host, body));
    }

    [Theory]
    [Trait("Row", "P-06")]
    [InlineData("client_id=")]
    [InlineData("client_id")]
    [InlineData("client_id=&scope=profile")]
    public async Task A_client_id_without_a_value_is_missing(string body)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync("init", body);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Fact]
    [Trait("Row", "P-07")]
    public async Task Unknown_parameters_change_nothing()
    {
        await using var host = await TestHost.StartAsync();
        Assert.Equal("profile", await AskedScopesAsync(host, "foo=bar&client_id=tv&audience=x&scope=profile&resource=a&resource=b&%3D=%26&&"));
    }

    [Theory]
    [Trait("Row", "P-08")]
    [InlineData("client_id=tv&client_id=tv")]
    [InlineData("client_id=tv&client_id=")]
    [InlineData("client_id&client_id=tv")]
    [InlineData("client_id=tv&client%5Fid=tv")]
    [InlineData("client_id=tv&scope=profile&scope=profile")]
    [InlineData("client_id=tv&name=a&name=b")]
    public async Task A_repeated_parameter_is_refused(string body)
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync("init", body);
        await OAuthAssert.ErrorAsync(response, 400, "invalid_request");
    }

    [Fact]
    [Trait("Row", "P-08"), Trait("Row", "P-11"), Trait("Row", "P-20")]
    public async Task The_answer_is_one_JSON_object_that_nobody_keeps()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        OAuthAssert.NotCached(response);
        using var unique = JsonDocument.Parse(
            await response.Content.ReadAsStringAsync(), new JsonDocumentOptions { AllowDuplicateProperties = false });
    }

    [Fact]
    [Trait("Row", "P-12"), Trait("Row", "P-13"), Trait("Row", "P-18"), Trait("Row", "P-50"), Trait("Row", "P-75")]
    public async Task Codes_are_well_formed_and_never_the_same()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var all = new List<StartedCodes>();
        for (var i = 0; i < 200; i++)
        {
            all.Add(await device.StartAsync());
        }

        Assert.All(all, codes => Assert.Matches(DeviceCodeShape(), codes.DeviceCode)); // 43 of 64 symbols: 256 bits
        Assert.All(all, codes => Assert.Matches(UserCodeShape(), codes.UserCode));
        Assert.Equal(200, all.Select(codes => codes.DeviceCode).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(200, all.Select(codes => codes.UserCode).Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    [Trait("Row", "P-14"), Trait("Row", "P-15"), Trait("Row", "P-26")]
    public async Task The_addresses_are_of_the_public_origin_and_only_the_complete_one_holds_the_code()
    {
        await using var host = await TestHost.StartAsync(options => options.PublicOrigin = new Uri("https://pair.example.org:8443"), pathBase: "/app");
        var device = host.Device();
        using var response = await device.PostAsync($"/app{Wire.Prefix}/init", new FormUrlEncodedContent([KeyValuePair.Create("client_id", "tv")]));
        var json = await response.JsonAsync();
        Assert.Equal("https://pair.example.org:8443/app/pair/device", json.GetProperty("verification_uri").GetString());
        Assert.Equal(
            $"https://pair.example.org:8443/app/pair/device?user_code={json.GetProperty("user_code").GetString()}",
            json.GetProperty("verification_uri_complete").GetString());
    }

    [Theory]
    [Trait("Row", "P-16"), Trait("Row", "P-17"), Trait("Row", "P-54")]
    [InlineData(null, null, 600, 5)]
    [InlineData(60, 1, 60, 1)]
    [InlineData(1800, 60, 1800, 60)]
    public async Task Lifetime_and_interval_are_whole_numbers_of_seconds(int? lifetime, int? interval, int expiresIn, int seconds)
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            options.PairingLifetime = lifetime is null ? options.PairingLifetime : TimeSpan.FromSeconds(lifetime.Value);
            options.PollingInterval = interval is null ? options.PollingInterval : TimeSpan.FromSeconds(interval.Value);
        });
        var body = (await host.Device().StartAsync()).Body;
        Assert.Equal($"{expiresIn}", body.GetProperty("expires_in").GetRawText());
        Assert.Equal($"{seconds}", body.GetProperty("interval").GetRawText());
    }

    [Fact]
    [Trait("Row", "P-18")]
    public async Task Codes_that_are_taken_are_made_anew_and_overwrite_nothing()
    {
        var store = new ProbingPairingStore { TakenCodes = 4 };
        await using var host = await TestHost.StartAsync(services: store.Use);
        var device = host.Device();
        var codes = await device.StartAsync();
        Assert.Equal("authorization_pending", await (await device.PollAsync(codes.DeviceCode)).ErrorAsync());

        store.TakenCodes = int.MaxValue; // a format too short for its load: trouble, not a loop
        using var response = await device.PostFormAsync("init", ("client_id", "tv"));
        await OAuthAssert.ErrorAsync(response, 503, null);
    }

    [Fact]
    [Trait("Row", "P-20")]
    public async Task An_output_cache_of_the_host_keeps_no_code()
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddOutputCache(cache => cache.AddBasePolicy(policy => policy.Cache().Expire(TimeSpan.FromHours(1)))),
            map: app => Microsoft.AspNetCore.Builder.OutputCacheApplicationBuilderExtensions.UseOutputCache(app));
        var device = host.Device();
        var (first, second) = (await device.StartAsync(), await device.StartAsync());
        Assert.False(first.DeviceCode == second.DeviceCode);
    }

    [Fact]
    [Trait("Row", "44"), Trait("Row", "T-17")]
    public async Task A_full_store_refuses_new_pairings_and_keeps_the_old()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 2);
        var device = host.Device();
        var (first, second) = (await device.StartAsync(), await device.StartAsync());
        for (var i = 0; i < 3; i++)
        {
            using var response = await device.PostFormAsync("init", ("client_id", "tv"));
            await OAuthAssert.ErrorAsync(response, 503, null);
            Assert.Equal("5", Assert.Single(response.Headers.GetValues("Retry-After")));
        }

        var alice = await host.SignInAsync("alice");
        foreach (var codes in (StartedCodes[])[first, second])
        {
            (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
            (await device.PollAsync(codes.DeviceCode)).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromSeconds(1)); // redeemed ones make room
        await device.StartAsync();
    }

    private static async Task<string> AskedScopesAsync(TestHost host, string body)
    {
        using var response = await host.Device().PostRawAsync("init", body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        using var pending = await (await host.SignInAsync("alice")).GetAsync(
            $"{Wire.Prefix}/pending/{(await response.JsonAsync()).GetProperty("user_code").GetString()}");
        return string.Join(' ', (await pending.JsonAsync()).GetProperty("requested_scopes").EnumerateArray().Select(scope => scope.GetString()));
    }

    [GeneratedRegex(@"^[A-Za-z0-9_-]{43}\z")]
    private static partial Regex DeviceCodeShape();

    [GeneratedRegex(@"^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\z")]
    private static partial Regex UserCodeShape();
}

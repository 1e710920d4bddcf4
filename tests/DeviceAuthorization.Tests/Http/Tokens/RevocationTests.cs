using System.Net;
using DeviceAuthorization.Codes;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Duende.IdentityModel.Client;

namespace DeviceAuthorization.Tests;

/// <summary>A client revokes its token (RFC 7009): bad inputs 104 to 106, the rows P-89 to P-91 and T-23.</summary>
public sealed class RevocationTests
{
    [Theory]
    [Trait("Row", "105"), Trait("Row", "P-89")]
    [InlineData("")]
    [InlineData("&token_type_hint=access_token")]
    [InlineData("&token_type_hint=refresh_token")] // a wrong one
    [InlineData("&token_type_hint=whatever")]
    public async Task A_token_that_its_client_gives_back_is_refused_from_the_next_call_on(string hint)
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
        for (var attempt = 0; attempt < 2; attempt++) // again changes nothing
        {
            using var answer = await host.SendFormAsync("revoke", $"client_id=tv&token={token}{hint}");
            await AssertDoneAsync(answer);
            using var call = await host.WithToken(token).GetAsync("/api/library");
            Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
        }

        var devices = host.Services.GetRequiredService<IDeviceRepository>();
        Assert.Single(await devices.ListAsync("alice", default)); // the device stays in its owner's list
        Assert.Empty(await devices.ListTokensAsync("alice", default));
    }

    [Theory]
    [Trait("Row", "105"), Trait("Row", "P-90"), Trait("Row", "T-23")]
    [InlineData("x")]
    [InlineData("da_")]
    [InlineData("{\"token\":1}")]
    [InlineData("%00")]
    public async Task What_can_be_no_token_is_done_without_asking_the_repository(string text)
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        using var answer = await host.SendFormAsync("revoke", "client_id=tv&token=" + Uri.EscapeDataString(text));
        await AssertDoneAsync(answer);
        Assert.Equal(0, devices.LookUps);
        using var unknown = await host.SendFormAsync("revoke", "client_id=tv&token=" + DeviceToken.New("da_").Reveal());
        await AssertDoneAsync(unknown);
        Assert.Equal(1, devices.LookUps);
    }

    [Theory]
    [Trait("Row", "106"), Trait("Row", "P-89")]
    [InlineData("client_id=other")]
    [InlineData("client_id=TV")]
    public async Task A_token_of_another_client_stays_as_it_is(string client)
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        using var answer = await host.SendFormAsync("revoke", $"{client}&token={token}");
        await OAuthAssert.ErrorAsync(answer, 400, "invalid_grant", token);
        (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
    }

    [Fact]
    public async Task A_token_made_by_hand_belongs_to_no_client()
    {
        await using var host = await DevicesBrowser.StartAsync();
        var token = await (await host.SignInAsync("alice")).MakeTokenAsync();
        using var answer = await host.SendFormAsync("revoke", $"client_id=tv&token={token}");
        await OAuthAssert.ErrorAsync(answer, 400, "invalid_grant", token);
        Assert.NotNull(await host.Services.GetRequiredService<IDeviceRepository>().FindTokenAsync(SecretHash.Of(token), default));
    }

    [Fact]
    [Trait("Row", "P-35"), Trait("Row", "T-35")]
    public async Task A_client_with_a_secret_proves_itself_before_its_token_is_looked_up()
    {
        var devices = new ProbingDeviceRepository();
        await using var host = await Clients.StartHostAsync(services: services => services.AddSingleton<IDeviceRepository>(devices));
        var token = await host.PairConfidentialAsync();
        foreach (var (body, authorization, status, error) in new[]
        {
            ($"client_id={Clients.Encoded}", null, 400, "invalid_client"),
            ($"client_id={Clients.Encoded}&client_secret=wrong", null, 400, "invalid_client"),
            ("", Clients.Basic("a:b%", "wrong"), 401, "invalid_client"),
            ("client_id=nobody", null, 400, "invalid_client"),
            ("client_secret=x", Clients.Basic("a:b%", Clients.Secret), 400, "invalid_request"),
            ("", null, 400, "invalid_request"),
        })
        {
            using var refused = await host.SendFormAsync("revoke", $"token={token}&{body}", authorization);
            await OAuthAssert.ErrorAsync(refused, status, error, token);
        }

        Assert.Equal(0, devices.LookUps);
        using var answer = await host.SendFormAsync("revoke", $"token={token}", Clients.Basic("a:b%", Clients.Secret));
        await AssertDoneAsync(answer);
        using var call = await host.WithToken(token).GetAsync("/api/library");
        Assert.Equal(HttpStatusCode.Unauthorized, call.StatusCode);
    }

    [Theory]
    [Trait("Row", "104"), Trait("Row", "P-90")]
    [InlineData("client_id=tv", 400)]
    [InlineData("client_id=tv&token=", 400)]
    [InlineData("client_id=tv&token=a&token=a", 400)]
    [InlineData("client_id=tv&token=a&token_type_hint=x&token_type_hint=y", 400)]
    [InlineData("client_id=tv&token=%zz", 400)]
    public async Task A_request_without_one_token_is_malformed(string body, int status)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.SendFormAsync("revoke", body);
        await OAuthAssert.ErrorAsync(answer, status, "invalid_request");
    }

    [Fact]
    public async Task A_token_in_JSON_or_in_the_query_is_not_read()
    {
        await using var host = await TestHost.StartAsync();
        var token = await host.PairAsync();
        using var json = await host.Device().PostJsonAsync("revoke", new { client_id = "tv", token });
        Assert.Equal(HttpStatusCode.BadRequest, json.StatusCode);
        using var query = await host.SendFormAsync($"revoke?token={token}", "client_id=tv");
        await OAuthAssert.ErrorAsync(query, 400, "invalid_request");
        (await host.WithToken(token).GetAsync("/api/library")).EnsureSuccessStatusCode();
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("DELETE")]
    public async Task Only_POST_is_allowed(string method)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await host.Device().SendAsync(new HttpRequestMessage(new HttpMethod(method), $"{Wire.Prefix}/revoke"));
        await OAuthAssert.ErrorAsync(answer, 405, "invalid_request");
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    [Fact]
    [Trait("Row", "P-91")]
    public async Task An_address_revokes_sixty_times_a_minute_at_most()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits.Enabled = true);
        for (var call = 0; call < 60; call++)
        {
            using var answer = await host.SendFormAsync("revoke", "client_id=tv&token=x");
            await AssertDoneAsync(answer);
        }

        using var refused = await host.SendFormAsync("revoke", "client_id=tv&token=x");
        await OAuthAssert.ErrorAsync(refused, 429, "slow_down");
        host.Clock.Advance(refused.Headers.RetryAfter!.Delta!.Value);
        using var later = await host.SendFormAsync("revoke", "client_id=tv&token=x");
        await AssertDoneAsync(later);
    }

    [Fact]
    public async Task A_client_that_proves_who_it_is_signs_out_as_many_devices_as_it_has()
    {
        await using var host = await TestHost.StartAsync(options =>
        {
            options.RateLimits.Enabled = true;
            options.Clients["tv"] = new DeviceClient { Secret = Clients.Secret };
        });
        for (var call = 0; call < 70; call++)
        {
            using var answer = await host.SendFormAsync("revoke", $"client_id=tv&client_secret={Uri.EscapeDataString(Clients.Secret)}&token=x");
            await AssertDoneAsync(answer);
        }
    }

    [Fact]
    [Trait("Row", "P-83"), Trait("Row", "P-90")]
    public async Task While_the_repository_is_down_the_token_is_not_said_to_be_gone()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton(BrokenDeviceRepository.Create()));
        using var answer = await host.SendFormAsync("revoke", "client_id=tv&token=" + DeviceToken.New("da_").Reveal());
        await OAuthAssert.ErrorAsync(answer, 503, null, BrokenDeviceRepository.Secret);
        Assert.NotNull(answer.Headers.RetryAfter);
    }

    [Fact]
    public async Task A_client_library_that_knows_nothing_of_this_one_revokes_and_introspects()
    {
        await using var host = await Clients.StartHostAsync(map: app => Microsoft.AspNetCore.Builder.DeviceAuthorizationEndpointRouteBuilderExtensions.MapTokenIntrospection(app));
        var token = await host.PairConfidentialAsync();
        Assert.True(await IsActiveAsync());
        var revoked = await host.Device().RevokeTokenAsync(new TokenRevocationRequest
        {
            Address = $"{Wire.Prefix}/revoke",
            ClientId = "a:b%",
            ClientSecret = Clients.Secret,
            ClientCredentialStyle = ClientCredentialStyle.AuthorizationHeader,
            Token = token,
        });
        Assert.False(revoked.IsError, revoked.Raw);
        Assert.False(await IsActiveAsync());

        async Task<bool> IsActiveAsync()
        {
            var answer = await host.Device().IntrospectTokenAsync(new TokenIntrospectionRequest
            {
                Address = $"{Wire.Prefix}/introspect",
                ClientId = "api",
                ClientSecret = Clients.ApiSecret,
                ClientCredentialStyle = ClientCredentialStyle.PostBody,
                Token = token,
            });
            Assert.False(answer.IsError, answer.Error);
            return answer.IsActive;
        }
    }

    private static async Task AssertDoneAsync(HttpResponseMessage answer)
    {
        Assert.Equal((HttpStatusCode.OK, ""), (answer.StatusCode, await answer.Content.ReadAsStringAsync()));
        OAuthAssert.NotCached(answer);
    }
}

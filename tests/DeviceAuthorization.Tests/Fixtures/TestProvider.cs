using System.Security.Claims;
using System.Text;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Authentication.OpenIdConnect;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Protocols.OpenIdConnect;
using Microsoft.IdentityModel.Tokens;

namespace DeviceAuthorization.Tests;

/// <summary>
/// An identity provider as a host and a browser see it: it reads what the host sends to its sign-in page, and the browser returns its signed answer
/// back. Nothing of it runs.
/// </summary>
internal static class TestProvider
{
    public const string Scheme = OpenIdConnectDefaults.AuthenticationScheme;
    public const string Authorize = "https://id.example.com/authorize";

    private const string Issuer = "https://id.example.com";
    private const string Audience = "host";

    private static readonly SymmetricSecurityKey Key = new(Encoding.ASCII.GetBytes("a key that is long enough for HMAC with SHA-256"));

    private static readonly TokenValidationParameters Validation = new()
    {
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        IssuerSigningKey = Key,
        ValidateLifetime = false, // by the real clock
    };

    /// <summary>Adds sign-in at this provider, as its tutorials do.</summary>
    public static AuthenticationBuilder AddTestProvider(this AuthenticationBuilder builder) => builder.AddOpenIdConnect(Scheme, Configure);

    /// <summary>Adds bearer tokens of this provider.</summary>
    public static AuthenticationBuilder AddTestBearer(this AuthenticationBuilder builder) => builder.AddJwtBearer(Configure);

    public static void Configure(OpenIdConnectOptions options)
    {
        options.ClientId = Audience;
        options.SignInScheme = CookieAuthenticationDefaults.AuthenticationScheme;
        options.Configuration = new OpenIdConnectConfiguration
        {
            Issuer = Issuer,
            AuthorizationEndpoint = Authorize,
            EndSessionEndpoint = "https://id.example.com/end",
        };
        options.TokenValidationParameters = Validation.Clone();
        options.TimeProvider = TimeProvider.System; // browsers forget its cookies by the real clock
    }

    public static void Configure(JwtBearerOptions options)
    {
        options.Configuration = new OpenIdConnectConfiguration { Issuer = Issuer };
        options.TokenValidationParameters = Validation.Clone();
    }

    /// <summary>Signs claims as this provider does.</summary>
    public static string Sign(IReadOnlyDictionary<string, object> claims, DateTimeOffset? notBefore = null) => new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
        new SecurityTokenDescriptor
        {
            Issuer = Issuer,
            Audience = Audience,
            IssuedAt = (notBefore ?? TestHost.Epoch).UtcDateTime,
            NotBefore = (notBefore ?? TestHost.Epoch).UtcDateTime,
            Expires = TestHost.Epoch.AddYears(1).UtcDateTime,
            Claims = claims.ToDictionary(claim => claim.Key, claim => claim.Value, StringComparer.Ordinal),
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.HmacSha256),
        });

    /// <summary>A client with a token of this provider.</summary>
    public static HttpClient WithJwt(this TestHost host, DateTimeOffset? notBefore = null, params (string Type, object Value)[] claims) =>
        host.WithToken(Sign(claims.Append(("sub", "alice")).ToDictionary(claim => claim.Item1, claim => claim.Item2, StringComparer.Ordinal), notBefore));

    /// <summary>What a host sends to the sign-in page.</summary>
    public static Dictionary<string, string> Asked(HttpResponseMessage challenged)
    {
        var location = challenged.Headers.Location!.OriginalString;
        Assert.StartsWith(Authorize + "?", location, StringComparison.Ordinal);
        return QueryHelpers.ParseQuery(new Uri(location).Query).ToDictionary(parameter => parameter.Key, parameter => parameter.Value.ToString(), StringComparer.Ordinal);
    }

    /// <summary>Comes back from the sign-in page; the host's answer, which sends the browser to where it was.</summary>
    public static async Task<HttpResponseMessage> SignInAtProviderAsync(
        this HttpClient browser, HttpResponseMessage challenged, DateTimeOffset? authTime = null, string user = "alice")
    {
        var asked = Asked(challenged);
        var claims = new Dictionary<string, object>(StringComparer.Ordinal) { ["sub"] = user, ["name"] = user, ["nonce"] = asked["nonce"] };
        if (authTime is { } time)
        {
            claims["auth_time"] = time.ToUnixTimeSeconds();
        }

        return await browser.PostAsync("/signin-oidc", new FormUrlEncodedContent([
            KeyValuePair.Create("id_token", Sign(claims)), KeyValuePair.Create("state", asked["state"]),
        ]));
    }

    /// <summary>Opens the page and signs in at the provider.</summary>
    public static async Task SignInAtProviderAsync(this HttpClient browser, DateTimeOffset? authTime = null, string user = "alice")
    {
        using var challenged = await browser.GetAsync(Browser.Page);
        using var back = await browser.SignInAtProviderAsync(challenged, authTime, user);
        Assert.Equal(Browser.Page, back.Headers.Location?.OriginalString);
    }
}

using System.Net;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.Testing.Handlers;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Time.Testing;

namespace DeviceAuthorization.Tests;

/// <summary>A host of a kind, as it runs.</summary>
/// <param name="signInPage">The path that people are sent to who are not signed in; null if the host has no pages.</param>
/// <param name="map">What the host maps besides the library.</param>
/// <param name="signIn">Signs a person in without our pages; their browser or app. Null if the host has pages.</param>
/// <param name="provider">The provider that people sign in at; null if they do so at the host.</param>
internal sealed partial class KindOfHost(
    string? signInPage, Action<WebApplication>? map = null, Func<KindOfHost, string, Task<HttpClient>>? signIn = null, OpenIddictProvider? provider = null)
    : IAsyncDisposable
{
    private const string Name = "tv.example.com";

    private WebApplication? _app;
    private FakeTimeProvider? _clock;
    private string _pathBase = "";

    public string? SignInPage => signInPage;

    public IServiceProvider Services => _app!.Services;

    public FakeTimeProvider Clock => _clock!;

    public async Task StartAsync(WebApplicationBuilder builder, FakeTimeProvider clock, string pathBase, Action<WebApplication>? more)
    {
        (_app, _clock, _pathBase) = (builder.Build(), clock, pathBase);
        _app.UsePathBase(pathBase);
        _app.Use((context, next) =>
        {
            if (context.Request.PathBase == pathBase)
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status404NotFound; // another site's
            return Task.CompletedTask;
        });
        _app.UseRouting();
        _app.UseAuthentication();
        _app.UseAuthorization();
        map?.Invoke(_app);
        more?.Invoke(_app);
        _app.MapDeviceAuthorization();
        _app.MapDevices();
        _app.MapClientTokens();
        if (signInPage is not null)
        {
            _app.MapDevicePairingPage();
            _app.MapDevicesPage();
        }

        _app.MapGet("/api/library", (PairedDevice device) => device.UserId).RequireScope("library.read");
        await _app.StartAsync();
    }

    /// <summary>The browser or app of a person who has just signed in.</summary>
    public async Task<HttpClient> SignInAsync(string user)
    {
        if (signIn is not null)
        {
            return await signIn(this, user);
        }

        var browser = Browser();
        var (page, passwords) = await browser.FollowAsync(await browser.GetAsync(TestKit.Browser.Page), user);
        Assert.Equal((HttpStatusCode.OK, 1), (page.StatusCode, passwords));
        return browser;
    }

    /// <summary>A browser with cookies of its own.</summary>
    public HttpClient Browser() => Client(new CookieContainerHandler(), null);

    public HttpClient Device(string? token = null) => Client(null, token);

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        if (provider is not null)
        {
            await provider.DisposeAsync();
        }
    }

    private HttpClient Client(DelegatingHandler? cookies, string? token)
    {
        var internet = new Internet(_app!.GetTestServer().CreateHandler(), provider?.CreateHandler());
        cookies?.InnerHandler = internet;
        return new HttpClient(new BelowPathBase(_pathBase, cookies ?? internet))
        {
            BaseAddress = new Uri("https://tv.example.com"),
            DefaultRequestHeaders = { Authorization = token is null ? null : new("Bearer", token) },
        };
    }

    /// <summary>Leads each request to the host or to the provider.</summary>
    private sealed class Internet(HttpMessageHandler host, HttpMessageHandler? provider) : DelegatingHandler(host)
    {
        private readonly HttpMessageInvoker? _provider = provider is null ? null : new HttpMessageInvoker(provider);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            request.RequestUri!.Host == Name ? base.SendAsync(request, cancellationToken) : _provider!.SendAsync(request, cancellationToken);

        protected override void Dispose(bool disposing)
        {
            _provider?.Dispose();
            base.Dispose(disposing);
        }
    }

    /// <summary>Puts the paths that a test types below the host's path base. Every address that the host gives must have it.</summary>
    private sealed partial class BelowPathBase(string pathBase, HttpMessageHandler next) : DelegatingHandler(next)
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var address = request.RequestUri!;
            if (address.Host == Name && !IsBelow(address))
            {
                request.RequestUri = address = new Uri(address, pathBase + address.PathAndQuery);
            }

            var answer = await base.SendAsync(request, cancellationToken);
            if (address.Host == Name)
            {
                await answer.Content.LoadIntoBufferAsync(cancellationToken);
                var given = Links().Matches(await answer.Content.ReadAsStringAsync(cancellationToken)).Select(link => link.Groups[1].Value)
                    .Concat(answer.Headers.TryGetValues("Refresh", out var values) ? values.Select(value => value["0; url=".Length..]) : [])
                    .Append(answer.Headers.Location?.OriginalString ?? address.OriginalString);
                Assert.All(given.Select(link => new Uri(address, link)).Where(link => link.Host == Name), link => Assert.True(IsBelow(link), $"{address} leads to {link}."));
            }

            return answer;
        }

        private bool IsBelow(Uri address) => address.AbsolutePath.StartsWith(pathBase + "/", StringComparison.Ordinal);

        [GeneratedRegex("(?:(?:action|href|src)=\"|\"(?=https:))([^\"]+)\"")]
        private static partial Regex Links();
    }
}

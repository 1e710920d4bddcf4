using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ApiExplorer;

namespace DeviceAuthorization.Tests;

/// <summary>A host with MVC controllers: attributes instead of RequireScope(), and devices as parameters of actions.</summary>
public sealed class MvcTests
{
    [Fact]
    public async Task An_action_gets_the_device_that_calls_it()
    {
        await using var host = await StartAsync();
        var token = await host.PairAsync("alice");
        using var answer = await host.WithToken(token).GetAsync("/mvc-devices/library");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var device = (await (await host.WithToken(token).GetAsync("/api/library")).JsonAsync()).String("device");
        Assert.Equal($"alice {device}", await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("library", null, HttpStatusCode.Unauthorized, "Bearer realm=\"DeviceAuthorization\"")]
    [InlineData("library", "junk", HttpStatusCode.Unauthorized, "error=\"invalid_token\"")]
    [InlineData("write", "device", HttpStatusCode.Forbidden, "error=\"insufficient_scope\", scope=\"library.write\"")]
    [InlineData("both", "device", HttpStatusCode.Forbidden, "error=\"insufficient_scope\", scope=\"library.write library.read\"")]
    [InlineData("paired", null, HttpStatusCode.Unauthorized, "Bearer realm=\"DeviceAuthorization\"")]
    [InlineData("paired", "by hand", HttpStatusCode.Forbidden, "error_description=\"The token belongs to no device.\"")]
    public async Task An_attribute_refuses_as_RFC_6750_requires(string action, string? caller, HttpStatusCode status, string challenge)
    {
        await using var host = await StartAsync();
        var client = caller switch
        {
            null => host.Device(),
            "junk" => host.WithToken("junk"),
            "by hand" => host.WithToken(await MakeByHandAsync(host)),
            _ => host.WithToken(await host.PairAsync("alice")), // with library.read
        };
        using var answer = await client.GetAsync($"/mvc-devices/{action}");
        Assert.Equal(status, answer.StatusCode);
        Assert.Contains(challenge, answer.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_parameter_requires_a_device_without_any_attribute_and_a_nullable_one_does_not()
    {
        await using var host = await StartAsync();
        using var required = await host.Device().GetAsync("/mvc-devices/open-required");
        Assert.Equal(HttpStatusCode.Unauthorized, required.StatusCode);
        Assert.Equal("nobody", await host.Device().GetStringAsync("/mvc-devices/open"));
        Assert.Equal("alice", await host.WithToken(await host.PairAsync("alice")).GetStringAsync("/mvc-devices/open"));
    }

    [Fact]
    public async Task What_cannot_require_a_device_does_not_run_without_one()
    {
        await using var host = await StartAsync();
        Assert.Equal("alice", await host.WithToken(await host.PairAsync("alice")).GetStringAsync("/mvc-property"));
        var mistake = await Assert.ThrowsAsync<InvalidOperationException>(() => host.Device().GetAsync("/mvc-property"));
        Assert.Contains("Add [RequirePairedDevice] to the page or the controller, or make 'Device' nullable.", mistake.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/mvc-devices/about", "none")]
    [InlineData("/mvc-devices/about?device_id=unknown", "unknown")]
    public async Task An_action_gets_the_device_that_the_request_names(string path, string expected)
    {
        await using var host = await StartAsync();
        var alice = await host.SignInAsync("alice");
        Assert.Equal(expected, await alice.GetStringAsync(path));
        var (_, device) = await host.PairNamedAsync();
        Assert.Equal(device, await alice.GetStringAsync($"/mvc-devices/about?device_id={device}"));
    }

    [Fact]
    public async Task Descriptions_of_the_API_do_not_list_the_device_as_input()
    {
        await using var host = await StartAsync(services => services.AddEndpointsApiExplorer());
        var actions = host.Services.GetRequiredService<IApiDescriptionGroupCollectionProvider>().ApiDescriptionGroups.Items
            .SelectMany(group => group.Items)
            .Where(api => api.RelativePath?.StartsWith("mvc-devices/", StringComparison.Ordinal) == true)
            .ToArray();
        Assert.Contains(actions, api => api.RelativePath == "mvc-devices/library");
        Assert.All(actions, api => Assert.Empty(api.ParameterDescriptions));
    }

    [Fact]
    public async Task An_authorization_of_the_host_around_the_action_counts_too()
    {
        await using var host = await StartAsync(services => services.AddAuthorization(
            options => options.DefaultPolicy = new Microsoft.AspNetCore.Authorization.AuthorizationPolicyBuilder().RequireClaim("staff").Build()));
        using var answer = await host.WithToken(await host.PairAsync("alice")).GetAsync("/mvc-devices/library");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode); // the attribute alone asks nothing of the default policy, which may be for people only
        using var staff = await host.WithToken(await host.PairAsync("bob")).GetAsync("/staff-only");
        Assert.Equal(HttpStatusCode.Forbidden, staff.StatusCode);
    }

    private static async Task<string> MakeByHandAsync(TestHost host) =>
        (await (await host.SignInAsync("alice")).CallAsync("POST", "/api/client-tokens", """{"name": "script", "scopes": ["library.read"]}""")).Body.String("raw_token")!;

    private static Task<TestHost> StartAsync(Action<IServiceCollection>? services = null) => TestHost.StartAsync(
        services: collection =>
        {
            collection.AddControllers().AddApplicationPart(typeof(DevicesController).Assembly);
            services?.Invoke(collection);
        },
        map: app =>
        {
            app.MapControllers();
            app.MapDevices();
            app.MapClientTokens();
            app.MapGroup("").RequireAuthorization().MapGet("/staff-only", () => "staff").RequireScope("library.read");
        });
}

/// <summary>Actions that devices call.</summary>
[ApiController]
[Route("/mvc-devices")]
public sealed class DevicesController : ControllerBase
{
    [HttpGet("library")]
    [RequireScope("library.read")]
    public ContentResult Library(PairedDevice device) => Content($"{device.UserId} {device.Id}");

    [HttpGet("write")]
    [RequireScope("library.write")]
    public ContentResult Write() => Content("written");

    [HttpGet("both")]
    [RequireScope("library.write"), RequireScope("library.read")]
    public ContentResult Both() => Content("both");

    [HttpGet("paired")]
    [RequirePairedDevice]
    public ContentResult Paired(PairedDevice device) => Content(device.Id);

    [HttpGet("open")]
    public ContentResult Open(PairedDevice? device) => Content(device?.UserId ?? "nobody");

    [HttpGet("open-required")]
    public ContentResult OpenRequired(PairedDevice device) => Content(device.Id);

    [HttpGet("about")]
    public ContentResult About(RequestDevice about) => Content(about.IsUnknown ? "unknown" : about.Device?.Id ?? "none");
}

/// <summary>A property requires nothing of the request, nor does the parameter of a Razor page's handler.</summary>
[Route("/mvc-property")]
public sealed class PropertyController : Controller
{
    [BindProperty(SupportsGet = true)]
    public PairedDevice Device { get; set; } = null!;

    [HttpGet]
    public ContentResult Get() => Content(Device.UserId);
}

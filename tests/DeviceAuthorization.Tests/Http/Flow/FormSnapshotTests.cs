using DeviceAuthorization.Rules;
using static DeviceAuthorization.TestKit.Verifier;

namespace DeviceAuthorization.Tests;

/// <summary>Every answer of the form dialect, to the letter: status, headers, body.</summary>
public sealed class FormSnapshotTests
{
    private const string Poll = $"grant_type={Wire.GrantType}&client_id=tv&device_code=";

    [Fact]
    public async Task Started()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "library.read"));
        await Verify(response);
    }

    [Fact]
    public async Task Paired()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await StartAsync(host, approve: true);
        using var response = await host.Device().PollAsync(codes.DeviceCode);
        await Verify(response);
    }

    [Fact]
    public async Task AuthorizationPending()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PollAsync((await StartAsync(host)).DeviceCode);
        await Verify(response);
    }

    [Fact]
    public async Task SlowDown()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await StartAsync(host);
        await host.Device().PollAsync(codes.DeviceCode);
        using var response = await host.Device().PollAsync(codes.DeviceCode);
        await Verify(response);
    }

    [Fact]
    public async Task AccessDenied()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await StartAsync(host);
        await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode);
        using var response = await host.Device().PollAsync(codes.DeviceCode);
        await Verify(response);
    }

    [Fact]
    public async Task ExpiredToken()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await StartAsync(host);
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var response = await host.Device().PollAsync(codes.DeviceCode);
        await Verify(response);
    }

    [Fact]
    public Task InvalidGrant() => VerifyPollAsync(Poll + "x");

    [Fact]
    public Task InvalidRequest() => VerifyPollAsync(Poll);

    [Fact]
    public Task UnsupportedGrantType() => VerifyPollAsync("grant_type=password");

    [Fact]
    public Task InvalidClient() => VerifyPollAsync(Poll + "x&client_secret=x");

    [Fact]
    public async Task InvalidClientByHeader()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        device.DefaultRequestHeaders.Add("Authorization", "Bearer x");
        using var response = await device.PostRawAsync("token", Poll + "x");
        await Verify(response);
    }

    [Fact]
    public async Task InvalidScope()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"), ("scope", "admin"));
        await Verify(response);
    }

    [Fact]
    public async Task MethodNotAllowed()
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().GetAsync($"{Wire.Prefix}/token");
        await Verify(response);
    }

    [Fact]
    public Task TooLarge() => VerifyPollAsync(new string('a', 20_000));

    [Fact]
    public async Task TooManyStarts()
    {
        await using var host = await TestHost.StartAsync(options => options.RateLimits = new() { StartsPerMinute = 1 });
        await host.Device().StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        await Verify(response);
    }

    [Fact]
    public async Task Unavailable()
    {
        await using var host = await TestHost.StartAsync(options => options.MaxLivePairings = 1);
        await host.Device().StartAsync();
        using var response = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        await Verify(response);
    }

    private static async Task<StartedCodes> StartAsync(TestHost host, bool approve = false)
    {
        var codes = await host.Device().StartAsync();
        if (approve)
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        }

        return codes;
    }

    private static async Task VerifyPollAsync(
        string body, [System.Runtime.CompilerServices.CallerFilePath] string file = "", [System.Runtime.CompilerServices.CallerMemberName] string method = "")
    {
        await using var host = await TestHost.StartAsync();
        using var response = await host.Device().PostRawAsync("token", body);
        await Verify(response, file, method);
    }
}

using System.Net;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary><c>POST deny</c>: an approver says no.</summary>
public sealed class JsonDenyTests
{
    [Fact]
    [Trait("RomM", "deny_marks_state_and_token_poll_reports_access_denied")]
    public async Task The_answer_is_null_and_the_device_hears_of_it_until_the_code_expires()
    {
        await using var host = await TestHost.StartAsync();
        var device = host.Device();
        var codes = await device.StartJsonAsync();
        using var denied = await (await host.SignInAsync("alice")).DenyAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.OK, denied.StatusCode);
        Assert.Equal("application/json", denied.Content.Headers.ContentType?.MediaType);
        Assert.Equal("null", await denied.Content.ReadAsStringAsync());

        for (var i = 0; i < 5; i++)
        {
            using var poll = await device.PollJsonAsync(codes.DeviceCode);
            Assert.Equal(HttpStatusCode.BadRequest, poll.StatusCode);
            Assert.Equal("access_denied", await poll.DetailAsync());
        }

        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var late = await device.PollJsonAsync(codes.DeviceCode);
        Assert.Equal("expired_token", await late.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "denied_returns_410_on_pending")]
    public async Task Who_denied_is_told_so_and_others_are_not()
    {
        await using var host = await TestHost.StartAsync();
        var codes = await host.Device().StartJsonAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.DenyAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var mine = await alice.GetAsync($"{Wire.Prefix}/pending/{codes.UserCode}");
        using var approve = await alice.ApproveAsync(codes.UserCode);
        using var foreign = await (await host.SignInAsync("bob")).DenyAsync(codes.UserCode);
        Assert.Equal([HttpStatusCode.Gone, HttpStatusCode.Gone, HttpStatusCode.NotFound], [mine.StatusCode, approve.StatusCode, foreign.StatusCode]);
        Assert.Equal("Code already denied", await approve.DetailAsync());
    }

    [Fact]
    [Trait("RomM", "unknown_user_code_returns_404")]
    public async Task An_unknown_code_is_404()
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).DenyAsync("BBBB-BBBB");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "user_code": null }""")]
    [InlineData("""{ "user_code": "" }""")]
    [InlineData("""{ "user_code": ["BBBBBBBB"] }""")]
    [InlineData("""{ "user_code": "\udc00" }""")]
    [InlineData("""{ "user_code": "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB" }""")] // 33 characters
    [InlineData("null")]
    public async Task A_bad_shape_is_422_with_a_sentence(string body)
    {
        await using var host = await TestHost.StartAsync();
        using var answer = await (await host.SignInAsync("alice")).PostRawAsync("deny", body, "application/json");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
        Assert.False(string.IsNullOrEmpty(await answer.DetailAsync()));
    }
}

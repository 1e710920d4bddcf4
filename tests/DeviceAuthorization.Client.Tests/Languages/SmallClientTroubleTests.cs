using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Client.Tests;

/// <summary>The small clients of docs/devices.md, and a server that has trouble.</summary>
public sealed class SmallClientTroubleTests
{
    [Fact]
    public Task A_server_that_is_not_there_is_a_failure() => Task.WhenAll(SmallClient.Languages.Select(async language =>
    {
        await using var client = await SmallClient.StartAsync(language, new("http://127.0.0.1:1"));
        var (exitCode, output, errors) = await client.EndAsync();

        Assert.Equal((1, ""), (exitCode, output));
        Assert.Contains("http://127.0.0.1:1", errors, StringComparison.Ordinal);
    }));

    [Fact]
    public Task An_outage_and_a_lost_answer_cost_no_new_pairing() => SmallClient.RunAllAsync(
        async (host, client) =>
        {
            (await (await host.SignInAsync("alice")).ApproveAsync(await client.CodeAsync())).EnsureSuccessStatusCode();
            var (exitCode, output, _) = await client.EndAsync();

            Assert.Equal((0, "Connected."), (exitCode, output));
            Assert.Equal(HttpStatusCode.OK, await client.UseTokenAsync(host));
        },
        poll: async (count, context, next) =>
        {
            switch (count)
            {
                case 1:
                    (context.Response.StatusCode, context.Response.Headers.RetryAfter) = (503, "1");
                    break;
                case 2: // the server has issued the token, and the answer does not arrive
                    context.Response.Body = Stream.Null;
                    await next(context);
                    context.Abort();
                    break;
                default:
                    Assert.Equal(3, count);
                    await next(context);
                    break;
            }
        });

    [Fact]
    public async Task After_slow_down_each_waits_five_seconds_longer()
    {
        var asked = new ConcurrentDictionary<string, long>(StringComparer.Ordinal); // by Idempotency-Key, so by client
        var pauses = new ConcurrentBag<TimeSpan>();
        await SmallClient.RunAllAsync(
            async (host, client) =>
            {
                (await (await host.SignInAsync("alice")).ApproveAsync(await client.CodeAsync())).EnsureSuccessStatusCode();
                Assert.Equal((0, "Connected.", ""), await client.EndAsync());
            },
            poll: async (_, context, next) =>
            {
                var (key, now) = ($"{context.Request.Headers["Idempotency-Key"]}", Stopwatch.GetTimestamp());
                if (asked.TryAdd(key, now))
                {
                    context.Response.StatusCode = 400;
                    await context.Response.WriteAsJsonAsync(new { error = "slow_down" });
                }
                else
                {
                    pauses.Add(Stopwatch.GetElapsedTime(asked[key], now));
                    await next(context);
                }
            });

        Assert.Equal(5, pauses.Count);
        Assert.All(pauses, pause => Assert.True(pause > TimeSpan.FromSeconds(5.5), $"{pause}"));
    }

    [Fact]
    public async Task A_number_that_comes_at_once_is_followed_by_the_next_poll_at_once()
    {
        var asked = new ConcurrentDictionary<string, long>(StringComparer.Ordinal);
        var pauses = new ConcurrentBag<TimeSpan>();
        await SmallClient.RunAllAsync(
            async (host, client) =>
            {
                await client.CodeAsync();
                Assert.Contains("42", await client.LineAsync("number"), StringComparison.Ordinal);
                Assert.Equal((0, "Connected.", ""), await client.EndAsync());
            },
            options => options.PollingInterval = TimeSpan.FromSeconds(5),
            poll: async (_, context, _) =>
            {
                var (key, now) = ($"{context.Request.Headers["Idempotency-Key"]}", Stopwatch.GetTimestamp());
                if (asked.TryAdd(key, now))
                {
                    (context.Response.StatusCode, context.Response.Headers["Preference-Applied"]) = (400, "wait=25");
                    await context.Response.WriteAsJsonAsync(new { error = "authorization_pending", match_number = 42 });
                }
                else
                {
                    pauses.Add(Stopwatch.GetElapsedTime(asked[key], now));
                    await context.Response.WriteAsJsonAsync(new { access_token = "token", token_type = "Bearer" });
                }
            });

        Assert.Equal(5, pauses.Count);
        Assert.All(pauses, pause => Assert.True(pause < TimeSpan.FromSeconds(4), $"{pause}"));
    }
}

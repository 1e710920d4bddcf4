using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace DeviceAuthorization.Tests;

/// <summary>A host whose middleware reads bodies before the endpoints do.</summary>
public sealed class HostBodyTests
{
    private const string Form = "application/x-www-form-urlencoded";

    private static readonly Dictionary<string, Func<HttpContext, Task>> Readers = new(StringComparer.Ordinal)
    {
        ["the form"] = async context => await context.Request.ReadFormAsync(),
        ["the form, buffered"] = async context =>
        {
            context.Request.EnableBuffering();
            await context.Request.ReadFormAsync();
        },
        ["the bytes, buffered"] = async context =>
        {
            context.Request.EnableBuffering();
            await context.Request.Body.DrainAsync(context.RequestAborted);
        },
    };

    [Theory]
    [InlineData("the form")]
    [InlineData("the form, buffered")]
    [InlineData("the bytes, buffered")]
    public async Task A_form_that_was_read_before_is_taken_by_every_endpoint(string reader)
    {
        await using var host = await StartAsync(reader);
        var alice = await host.SignInAsync("alice");
        using var start = await host.SendFormAsync("init", "client_id=tv&scope=library.read&name=Gr%C3%BCner+Fernseher");
        var codes = StartedCodes.From(await start.JsonAsync());
        using var language = await alice.PostOnlyAsync($"{Browser.Page}/language", ("language", "de"), ("back", Browser.Page));
        Assert.Contains(language.Headers.GetValues("Set-Cookie"), cookie => cookie.StartsWith("da.language=de;", StringComparison.Ordinal));
        using var review = await alice.EnterCodeAsync(codes.UserCode);
        Assert.Contains("Grüner Fernseher", WebUtility.HtmlDecode(await review.HtmlAsync()), StringComparison.Ordinal);
        using var decided = await alice.PostDecisionAsync(await review.HtmlAsync(), "approve");
        Assert.Equal(HttpStatusCode.OK, decided.StatusCode);
        using var poll = await host.SendFormAsync("token", $"client_id=tv&{Clients.Poll(codes)}");
        var token = (await poll.JsonAsync()).String("access_token");
        using var renamed = await alice.SendFormAsync("rename", name: "Kitchen");
        Assert.Contains("Kitchen", await renamed.HtmlAsync(), StringComparison.Ordinal);
        using var introspected = await host.SendFormAsync("introspect", $"client_id=api&client_secret={Clients.ApiSecret}&token={token}");
        Assert.True((await introspected.JsonAsync()).GetProperty("active").GetBoolean());
        using var revoked = await host.SendFormAsync("revoke", $"client_id=tv&token={token}");
        Assert.Equal(HttpStatusCode.OK, revoked.StatusCode);
        Assert.Equal(HttpStatusCode.Unauthorized, (await host.WithToken(token!).GetAsync("/api/library")).StatusCode);
    }

    [Theory]
    [InlineData("client_id=tv&client_id=tv", 400, "The parameter client_id is repeated.")]
    [InlineData("client_id=tv&CLIENT_ID=other", 400, "The parameter client_id is repeated.")] // merged by the framework
    [InlineData("CLIENT_ID=tv", 400, "The parameter client_id is missing.")]
    public async Task A_form_that_was_read_before_is_held_to_the_same_rules(string form, int status, string problem)
    {
        await using var host = await StartAsync("the form");
        using var answer = await host.SendFormAsync("init", form);
        Assert.Equal((status, problem), ((int)answer.StatusCode, (await answer.JsonAsync()).String("error_description")));
    }

    [Fact]
    public async Task A_form_that_was_read_before_has_the_same_limits()
    {
        await using var host = await StartAsync("the form");
        using var many = await host.SendFormAsync("init", "client_id=tv&" + string.Join('&', Enumerable.Range(0, 50).Select(i => $"x{i}=1")));
        Assert.Equal("Too many parameters.", (await many.JsonAsync()).String("error_description"));
        using var longValue = await host.SendFormAsync("init", "client_id=tv&name=" + new string('x', 4097));
        Assert.Equal(HttpStatusCode.BadRequest, longValue.StatusCode);
        using var large = await host.SendFormAsync("init", "client_id=tv&" + string.Join('&', Enumerable.Range(0, 9).Select(i => $"x{i}={new string('x', 2000)}")));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        using var chunked = new HttpRequestMessage(HttpMethod.Post, $"{Wire.Prefix}/init") { Content = new Endless(Form, 20_000) };
        chunked.Headers.TransferEncodingChunked = true;
        using var unannounced = await host.Device().SendAsync(chunked);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, unannounced.StatusCode);
        using var page = await (await host.SignInAsync("alice")).PostOnlyAsync(Browser.Page, [.. Enumerable.Range(0, 4).Select(i => ($"x{i}", ""))]);
        Assert.Equal(HttpStatusCode.BadRequest, page.StatusCode);
    }

    [Fact]
    public async Task JSON_that_was_read_into_a_buffer_before_is_read_again()
    {
        await using var host = await StartAsync("the bytes, buffered");
        var codes = await host.Device().StartJsonAsync();
        var alice = await host.SignInAsync("alice");
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var paired = await host.Device().PollJsonAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await alice.CallAsync("POST", RegistryHost.Devices, """{ "name": "n" }""")).Status);
    }

    private static Task<TestHost> StartAsync(string reader) => Clients.StartHostAsync(
        options => options.Clients["grout"] = new DeviceClient(),
        map: app =>
        {
            app.Use(async (context, next) =>
            {
                if (HttpMethods.IsPost(context.Request.Method) && (context.Request.HasFormContentType || reader == "the bytes, buffered"))
                {
                    await Readers[reader](context);
                }

                await next();
            });
            EveryEndpoint.Map(app);
        });

    /// <summary>A body whose length is not announced.</summary>
    private sealed class Endless : HttpContent
    {
        private readonly int _length;

        public Endless(string mediaType, int length)
        {
            _length = length;
            Headers.ContentType = new MediaTypeHeaderValue(mediaType);
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync("client_id=tv&scope="u8.ToArray());
            for (var i = 0; i < _length / 1000; i++)
            {
                await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"&x{i}={new string('x', 1000)}"));
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

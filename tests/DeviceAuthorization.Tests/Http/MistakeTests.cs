using System.Data.Common;
using System.Net;
using System.Security.Claims;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>
/// A mistake in the host is 500, and its log names the cause once. Only a store that does not answer is 503. Neither has a word of OAuth, so no
/// device gives up, and neither changes anything.
/// </summary>
public sealed class MistakeTests
{
    private const string Secret = "the host's <b>secret</b>";

    public static TheoryData<string, string, Action<IServiceCollection>> HostCode => new()
    {
        { "IPairingPolicy of the host failed", "init", services => services.AddSingleton<IPairingPolicy>(new FailingPolicy()) },
        { "IPairingPolicy of the host cannot be created", "init", services => services.AddScoped<IPairingPolicy>(_ => throw new NotSupportedException(Secret)) },
        { "IPairingEvents of the host cannot be created", "init", services => services.AddScoped<IPairingEvents>(_ => throw new NotSupportedException(Secret)) },
        { "IPairingPolicy of the host failed", "review", services => services.AddSingleton<IPairingPolicy>(new FailingPolicy()) },
        { "ApproverUserId of the host failed", "review", services => services.Configure<DeviceAuthorizationOptions>(options => options.ApproverUserId = FailToFind) },
        { "Unable to resolve service for type 'DeviceAuthorization.Tests.MistakeTests+MyAccounts'", "init", services => services.AddScoped<IPairingPolicy, PolicyOfMyAccounts>() },
    };

    public static TheoryData<string, Func<Exception>, bool> Failures => new()
    {
        { "an exception of a store", () => new InvalidOperationException("down"), false },
        { "a broken connection", () => new IOException("down"), false },
        { "a timeout", () => new TimeoutException("down"), false },
        { "a database", () => new DatabaseException("FATAL: the database system is starting up", "57P03"), false },
        { "a view in place of a table", () => new DatabaseException("cannot update view", "55000"), false },
        { "no table in PostgreSQL", () => new DatabaseException("relation \"DevicePairings\" does not exist", "42P01"), true },
        { "no column in PostgreSQL", () => new DatabaseException("column d.MatchNumber does not exist", "42703"), true },
        { "no table in SQLite", () => new DatabaseException("SQLite Error 1: 'no such table: DevicePairings'.", null), true },
        { "no table in SQL Server", () => new DatabaseException("Invalid object name 'DevicePairings'.", null), true },
        { "no table, behind the exception of an ORM", () => new AggregateException(new DatabaseException("no such table: DevicePairings", null)), true },
        { "invalid options", () => new OptionsValidationException("", typeof(DeviceAuthorizationOptions), ["PagePath is wrong."]), true },
    };

    [Theory, MemberData(nameof(HostCode))]
    public async Task Code_of_the_host_that_fails_is_500_and_named_once(string cause, string step, Action<IServiceCollection> add)
    {
        await using var host = await TestHost.StartAsync(services: add, map: EveryEndpoint.Map);
        var alice = await host.SignInAsync("alice");
        for (var request = 0; request < 3; request++)
        {
            using var answer = step == "init" ? await host.Device().PostFormAsync("init", ("client_id", "tv")) : await alice.GetAsync("/api/devices");
            Assert.Equal((HttpStatusCode.InternalServerError, "This server has a fault. Its log says which."), (answer.StatusCode, await answer.DetailAsync()));
            Assert.Null(await answer.ErrorAsync());
            Assert.Equal((true, null), (answer.Headers.CacheControl!.NoStore, answer.Headers.RetryAfter));
        }

        var logged = Assert.Single(host.Logs.GetSnapshot(), entry => entry.Id.Id == 90);
        Assert.Equal(LogLevel.Error, logged.Level);
        Assert.NotNull(logged.Exception);
        Assert.Contains(cause, logged.Message, StringComparison.Ordinal);
        Assert.Equal(2, host.Logs.GetSnapshot().Count(entry => entry is { Id.Id: 91, Level: LogLevel.Debug, Exception: null }));
        Assert.DoesNotContain(host.Logs.GetSnapshot(), entry => entry.Id.Name == "RequestFailed");
    }

    [Theory, MemberData(nameof(Failures))]
    public async Task A_store_that_fails_is_an_outage_unless_its_set_up_is_known_to_be_wrong(string failure, Func<Exception> create, bool isMistake)
    {
        var store = new ProbingPairingStore { Failure = create };
        await using var host = await TestHost.StartAsync(services: store.Use);
        var (codes, json, alice) = (await host.Device().StartAsync(), await host.Device().StartJsonAsync(), await host.SignInAsync("alice"));
        (await alice.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        (await alice.ApproveAsync(json.UserCode)).EnsureSuccessStatusCode();
        store.Broken.UnionWith([nameof(IPairingStore.TryReplaceAsync), nameof(IPairingStore.FindByUserCodeAsync)]);
        HttpResponseMessage[] answers = [await host.Device().PollAsync(codes.DeviceCode), await host.Device().PollJsonAsync(json.DeviceCode), await alice.EnterCodeAsync(codes.UserCode)];
        Assert.All(answers, answer => Assert.Equal(
            (failure, isMistake ? HttpStatusCode.InternalServerError : HttpStatusCode.ServiceUnavailable, !isMistake),
            (failure, answer.StatusCode, answer.Headers.RetryAfter is not null)));
        Assert.Equal(isMistake ? null : "slow_down", await answers[0].ErrorAsync());
        Assert.Equal(isMistake ? "This server has a fault" : "Please try again", await answers[2].TitleAsync());
        Assert.Equal(isMistake ? (1, 0) : (0, 1), (
            host.Logs.GetSnapshot().Count(entry => entry.Id.Id == 90), host.Logs.GetSnapshot().Count(entry => entry.Id.Name == "StoreFailing")));

        store.Broken.Clear(); // it was mended, and the device still gets its token
        using var paired = await host.Device().PollAsync(codes.DeviceCode);
        Assert.Equal(HttpStatusCode.OK, paired.StatusCode);
    }

    [Fact]
    public async Task A_policy_whose_own_database_is_away_is_an_outage()
    {
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(new FailingPolicy { Failure = new DatabaseException("down", "57P03") }));
        using var answer = await host.Device().PostFormAsync("init", ("client_id", "tv"));
        await OAuthAssert.ErrorAsync(answer, 503, null);
    }

    [Fact]
    public async Task An_exception_of_the_policy_reaches_the_hosts_own_endpoints_as_it_is()
    {
        var policy = new FailingPolicy { IsGood = true };
        await using var host = await TestHost.StartAsync(services: services => services.AddSingleton<IPairingPolicy>(policy));
        var token = await host.PairAsync();
        policy.IsGood = false;
        var thrown = await Assert.ThrowsAsync<NotSupportedException>(() => host.WithToken(token).GetAsync("/api/library"));
        Assert.Equal(Secret, thrown.Message);
    }

    [Theory]
    [InlineData("Development", true)]
    [InlineData("Production", false)]
    public async Task Only_in_Development_the_page_says_what_is_wrong(string environment, bool isShown)
    {
        await using var host = await TestHost.StartAsync(
            services: services => services.AddSingleton<IPairingPolicy>(new FailingPolicy()), map: EveryEndpoint.Map, environment: environment);
        using var page = await (await host.SignInAsync("alice")).GetAsync(DevicesBrowser.Devices);
        Assert.Equal((HttpStatusCode.InternalServerError, "This server has a fault"), (page.StatusCode, await page.TitleAsync()));
        var html = await page.HtmlAsync();
        Assert.Equal(isShown, html.Contains("IPairingPolicy of the host failed: System.NotSupportedException: the host&#x27;s &lt;b&gt;secret&lt;/b&gt;", StringComparison.Ordinal));
        Assert.Equal(isShown, html.Contains("secret", StringComparison.Ordinal));
        Assert.Contains("Waiting will not help.", html, StringComparison.Ordinal);
    }

    private static string? FailToFind(ClaimsPrincipal principal) => throw new NotSupportedException(Secret);

    private sealed class FailingPolicy : IPairingPolicy
    {
        public bool IsGood { get; set; }

        public Exception Failure { get; init; } = new NotSupportedException(Secret);

        public ValueTask<bool> MayStartAsync(PairingRequest request, CancellationToken cancellationToken) => IsActiveAsync("", cancellationToken);

        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => IsGood ? ValueTask.FromResult(true) : throw Failure;
    }

    private sealed class PolicyOfMyAccounts(MyAccounts accounts) : IPairingPolicy
    {
        public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(accounts.IsOpen);
    }

    private sealed record MyAccounts(bool IsOpen);

    private sealed class DatabaseException(string message, string? state) : DbException(message)
    {
        public override string? SqlState => state;
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>
/// The C# of README.md, of docs/getting-started.md and of the packages' READMEs, as it stands there: built as hosts by the SDK, from our packages, and run. What they
/// leave to the reader is written here: the sign-in of README's reader, and a table of users.
/// </summary>
[Collection(Packages.Name)]
public sealed partial class ReadmeTests(Packages packages)
{
    /// <summary>"Your sign-in": the page that a cookie scheme sends people to, where alice is known at once.</summary>
    private const string SignIn = """
        using System.Security.Claims;
        using Microsoft.AspNetCore.Authentication;

        [assembly: HostingStartup(typeof(SignIn))]

        sealed class SignIn : IHostingStartup, IStartupFilter
        {
            public void Configure(IWebHostBuilder builder) => builder.ConfigureServices(services => services.AddSingleton<IStartupFilter>(this));

            public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
            {
                app.Use(async (context, rest) =>
                {
                    if (context.Request.Path != "/Account/Login")
                    {
                        await rest();
                        return;
                    }

                    await context.SignInAsync("Cookies", new ClaimsPrincipal(new ClaimsIdentity([new(ClaimTypes.NameIdentifier, "alice")], "password")));
                    context.Response.Redirect(context.Request.Query["ReturnUrl"]!);
                });
                next(app);
            };
        }
        """;

    private static readonly string[] Readme = SnippetsOf("README.md");
    private static readonly string[] GettingStarted = SnippetsOf("docs/getting-started.md");

    private static readonly string Host = Assert.Single(Readme);

    private static readonly string FirstHost = Find("var app = builder.Build();");
    private static readonly string DevelopmentSignIn = Find("static class DevSignIn");
    private static readonly string Context = Find("class AppDbContext");
    private static readonly string Database = Find("AddEntityFrameworkStores");
    private static readonly string Redis = Find("AddRedisPairingStore");
    private static readonly string Policy = Find("IPairingPolicy");
    private static readonly string Clients = Find("options.Clients");

    [Fact]
    public void Every_snippet_is_tried_here() => Assert.Equal(
        GettingStarted.Order(StringComparer.Ordinal),
        new[] { FirstHost, DevelopmentSignIn, Context, Database, Redis, Policy, Clients }.Order(StringComparer.Ordinal));

    [Fact]
    public void Packages_show_what_the_documents_show()
    {
        Assert.Equal(Host, Assert.Single(SnippetsOf("src/DeviceAuthorization/README.md")));
        Assert.Equal(Redis, Assert.Single(SnippetsOf("src/DeviceAuthorization.Redis/README.md")));
        var entityFramework = SnippetsOf("src/DeviceAuthorization.EntityFramework/README.md");
        Assert.Equal(Database, entityFramework[0]);
        var model = Assert.Single(entityFramework[1..]).Split('\n').Where(line => !line.StartsWith("//", StringComparison.Ordinal)).Select(line => "    " + line);
        Assert.Contains(string.Join('\n', model).TrimEnd(), Context, StringComparison.Ordinal);
    }

    /// <summary>The snippets of the packages for devices and for tests are compiled here. <c>DeviceAuthorization.Client.Tests</c> and this class run the like.</summary>
    [Fact]
    public async Task A_device_pairs_with_the_host_of_README()
    {
        var (clientUsings, client) = Split(Assert.Single(SnippetsOf("src/DeviceAuthorization.Client/README.md")));
        var (testingUsings, testing) = Split(Assert.Single(SnippetsOf("src/DeviceAuthorization.Testing/README.md")));
        var types = $$"""
            using Xunit;
            {{clientUsings}}
            {{testingUsings}}

            static class OfPackages
            {
                public static async Task PairAsync()
                {
                    {{client}}
                }

                public static async Task TestAsync(HttpClient http, HttpClient person)
                {
                    {{testing}}
                }
            }
            """;
        await using var host = await ReadmeHost.StartAsync(packages.Feed, Host, SignIn, types);
        var person = await SignInAsync(host);
        Assert.Equal("Hello Telly of alice", await PairAsync(host, person, "tv"));
        Assert.Contains("Telly", await person.GetStringAsync("/pair/devices"), StringComparison.Ordinal);
        Assert.Contains("device_authorization_endpoint", await person.GetStringAsync("/.well-known/oauth-authorization-server"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_pairs_with_the_host_of_getting_started_that_has_a_database_a_policy_and_clients()
    {
        var (policy, policyType) = Split(Policy);
        var options = Lines(Clients, line => line.StartsWith("options.", StringComparison.Ordinal));
        var endpoints = Lines(Clients, line => !line.StartsWith("options.", StringComparison.Ordinal));
        var program = $"using Microsoft.EntityFrameworkCore;\n{FirstHost}"
            .Replace("var app = builder.Build();", $$"""
                {{Database}}
                {{policy}}
                builder.Services.Configure<DeviceAuthorizationOptions>(options =>
                {
                    {{options}}
                });
                if (args.Contains("on more than one machine")) // there is no Redis at this address: compiled only
                {
                    {{Redis}}
                }

                var app = builder.Build();
                """, StringComparison.Ordinal)
            .Replace("app.Run();", $$"""
                {{endpoints}}
                using (var scope = app.Services.CreateScope())
                {
                    scope.ServiceProvider.GetRequiredService<AppDbContext>().Database.EnsureCreated();
                }

                app.Run();
                """, StringComparison.Ordinal);
        const string OwnModel = " : DbContext(options)";
        Assert.Contains(OwnModel, Context, StringComparison.Ordinal);
        var types = $$"""
            {{Context.Replace(OwnModel, " : AccountsContext(options)", StringComparison.Ordinal)}}

            {{policyType}}

            /// <summary>A model that does not work without its own part, as that of ASP.NET Core Identity.</summary>
            abstract class AccountsContext(DbContextOptions options) : DbContext(options)
            {
                public DbSet<User> Users => Set<User>();

                protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.Entity<User>().HasData(new User { Id = "alice" });
            }

            sealed class User
            {
                public required string Id { get; set; }

                public bool Locked { get; set; }
            }
            """;
        const string Secret = "a secret of the backend, long enough to be one";
        await using var host = await ReadmeHost.StartAsync(packages.Feed, program, DevelopmentSignIn, types, $"--BackendSecret={Secret}");
        var person = await SignInAsync(host);
        string? token = null;
        Assert.Equal("Hello Telly of alice", await PairAsync(host, person, "com.example.tv", paired => token = paired));
        var stranger = await Assert.ThrowsAsync<HttpRequestException>(() => PairAsync(host, person, "stranger"));
        Assert.Equal(HttpStatusCode.BadRequest, stranger.StatusCode);

        using var backend = host.Client();
        backend.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"backend:{Uri.EscapeDataString(Secret)}")));
        using var question = new FormUrlEncodedContent([KeyValuePair.Create("token", token)]);
        using var answer = await backend.PostAsync("/api/auth/device/introspect", question);
        Assert.Contains("\"active\":true", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    /// <summary>Opens the page, as the link of a device does, and comes back from the sign-in.</summary>
    private static async Task<HttpClient> SignInAsync(ListeningProcess host)
    {
        var person = host.Client();
        var page = await person.GetStringAsync("/pair/device");
        Assert.Contains("name=\"user_code\"", page, StringComparison.Ordinal);
        return person;
    }

    /// <summary>What the host's own endpoint says to a device that has paired.</summary>
    internal static async Task<string> PairAsync(ListeningProcess host, HttpClient person, string clientId, Action<string>? gotToken = null)
    {
        using var http = host.Client();
        var device = new DeviceSimulator(http, TimeProvider.System) { ClientId = clientId, Name = "Telly" };
        var codes = await device.StartAsync();
        var approver = new ApproverSimulator(person);
        Assert.IsType<ApproverAnswer.Found>(await approver.LookUpAsync(codes.UserCode));
        Assert.IsType<ApproverAnswer.Approved>(await approver.ApproveAsync(codes.UserCode, ["library.read"]));
        var paired = Assert.IsType<DeviceAnswer.Paired>(await device.PollAsync(codes));
        gotToken?.Invoke(paired.AccessToken);
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", paired.AccessToken);
        return await http.GetStringAsync("/api/library");
    }

    private static string[] SnippetsOf(string document) =>
        [.. Snippet().Matches(File.ReadAllText(Path.Combine(Repository.Root, document))).Select(match => match.Groups["code"].Value)];

    private static string Find(string part) => Assert.Single(GettingStarted, snippet => snippet.Contains(part, StringComparison.Ordinal));

    /// <summary>The statements that a snippet begins with, and what belongs elsewhere.</summary>
    private static (string Statements, string Declaration) Split(string snippet) =>
        snippet.Split("\n\n", 2) is [var statements, var declaration] ? (statements, declaration) : throw new FormatException($"There is no blank line in: {snippet}");

    private static string Lines(string snippet, Func<string, bool> which) => string.Join('\n', snippet.Split('\n').Where(which));

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Snippet();
}

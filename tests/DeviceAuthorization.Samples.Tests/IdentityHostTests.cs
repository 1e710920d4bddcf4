extern alias identity;

using System.Data.Common;
using System.Net;
using System.Text.RegularExpressions;
using identity::IdentityHost.Data;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>The sample with ASP.NET Core Identity: its pages sign people in, its accounts decide which devices may call.</summary>
public sealed partial class IdentityHostTests : IDisposable
{
    private const string NewPassword = "Correct-h0rse-2";
    private const string Library = "/api/library";

    private readonly Server _server = new();

    [Fact]
    public async Task A_person_registers_signs_in_and_connects_a_device()
    {
        var browser = _server.Browser();
        var codes = await _server.Device().StartAsync();
        await RegisterAsync(browser);

        using var challenged = await browser.GetAsync(Browser.Page);
        Assert.Equal("/Identity/Account/Login", challenged.Headers.Location!.AbsolutePath);
        using var back = await browser.SignInAsync(challenged.Headers.Location.PathAndQuery);
        Assert.Equal(Browser.Page, back.Headers.Location!.OriginalString);
        using var decided = await browser.DecideOnPageAsync(codes.UserCode, "approve");
        Assert.Equal(HttpStatusCode.OK, decided.StatusCode);

        using var polled = await _server.Device().PollAsync(codes.DeviceCode);
        var device = _server.Device((await polled.JsonAsync()).String("access_token"));
        using var called = await device.GetAsync(Library);
        Assert.Equal(HttpStatusCode.OK, called.StatusCode);
        Assert.Contains("See your library", await browser.GetStringAsync("/pair/devices"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_account_that_is_not_confirmed_cannot_sign_in()
    {
        var browser = _server.Browser();
        await RegisterAsync(browser, confirms: false);
        using var refused = await browser.SignInAsync("/Identity/Account/Login");
        Assert.Equal(HttpStatusCode.OK, refused.StatusCode); // the form again
        using var page = await browser.GetAsync(Browser.Page);
        Assert.Equal(HttpStatusCode.Redirect, page.StatusCode);
    }

    [Fact]
    public async Task A_locked_account_locks_its_devices_out_and_lets_them_in_again_afterwards()
    {
        var (device, _) = await PairAsync();
        await ChangeAsync((users, alice) => users.SetLockoutEndDateAsync(alice, TimeProvider.System.GetUtcNow().AddHours(1)));
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", Library)).Status);
        await ChangeAsync((users, alice) => users.SetLockoutEndDateAsync(alice, null));
        Assert.Equal(HttpStatusCode.OK, (await device.CallAsync("GET", Library)).Status);
    }

    [Fact]
    public async Task An_account_that_lost_its_confirmation_or_was_deleted_locks_its_devices_out()
    {
        var (device, _) = await PairAsync();
        await ChangeAsync((users, alice) =>
        {
            alice.EmailConfirmed = false;
            return users.UpdateAsync(alice);
        });
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", Library)).Status);
        await ChangeAsync((users, alice) => users.DeleteAsync(alice));
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", Library)).Status);
    }

    [Fact]
    public async Task A_locked_account_approves_nothing_although_its_cookie_still_works()
    {
        var (_, browser) = await PairAsync();
        await ChangeAsync((users, alice) => users.SetLockoutEndDateAsync(alice, TimeProvider.System.GetUtcNow().AddHours(1)));
        var codes = await _server.Device().StartAsync();
        using var approved = await browser.ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.Forbidden, approved.StatusCode);
    }

    [Fact]
    public async Task A_new_password_ends_every_device_and_the_session_of_another_browser_at_once()
    {
        var (device, other) = await PairAsync();
        var codes = await _server.Device().StartAsync();
        await ChangeAsync((users, alice) => users.ChangePasswordAsync(alice, IdentityForms.Password, NewPassword));
        Assert.Equal(HttpStatusCode.Unauthorized, (await device.CallAsync("GET", Library)).Status);
        using var approved = await other.ApproveAsync(codes.UserCode);
        Assert.Equal(HttpStatusCode.Unauthorized, approved.StatusCode); // Identity itself accepts this cookie for 30 minutes
        using var page = await other.GetAsync("/pair/devices");
        Assert.Equal("/Identity/Account/Login", page.Headers.Location!.AbsolutePath);

        using var back = await other.SignInAsync(page.Headers.Location.PathAndQuery, NewPassword);
        Assert.Equal("/pair/devices", back.Headers.Location!.OriginalString);
        (await other.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var polled = await _server.Device().PollAsync(codes.DeviceCode);
        var again = _server.Device((await polled.JsonAsync()).String("access_token"));
        Assert.Equal(HttpStatusCode.OK, (await again.CallAsync("GET", Library)).Status);
    }

    [Fact]
    public async Task A_call_of_a_device_costs_two_queries_one_for_the_token_and_one_for_the_account()
    {
        var (device, _) = await PairAsync();
        await device.CallAsync("GET", Library);
        _server.Commands.Clear();
        Assert.Equal(HttpStatusCode.OK, (await device.CallAsync("GET", Library)).Status);
        Assert.Collection(
            _server.Commands.Where(command => command.StartsWith("SELECT", StringComparison.Ordinal)), // the first call's time of use may be written later
            token => Assert.Contains("\"DeviceTokens\"", token, StringComparison.Ordinal),
            account => Assert.Contains("\"AspNetUsers\"", account, StringComparison.Ordinal));
    }

    public void Dispose() => _server.Dispose();

    private async Task<(HttpClient Device, HttpClient Browser)> PairAsync()
    {
        var browser = _server.Browser();
        await RegisterAsync(browser);
        using var signedIn = await browser.SignInAsync("/Identity/Account/Login");
        Assert.Equal(HttpStatusCode.Redirect, signedIn.StatusCode);
        var codes = await _server.Device().StartAsync();
        (await browser.ApproveAsync(codes.UserCode)).EnsureSuccessStatusCode();
        using var polled = await _server.Device().PollAsync(codes.DeviceCode);
        return (_server.Device((await polled.JsonAsync()).String("access_token")), browser);
    }

    private static async Task RegisterAsync(HttpClient browser, bool confirms = true)
    {
        using var answer = await browser.RegisterAsync();
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        if (confirms)
        {
            var page = await browser.GetStringAsync(answer.Headers.Location);
            (await browser.GetAsync(WebUtility.HtmlDecode(ConfirmationLink().Match(page).Groups[1].Value))).EnsureSuccessStatusCode();
        }
    }

    private async Task ChangeAsync(Func<UserManager<IdentityUser>, IdentityUser, Task<IdentityResult>> change)
    {
        await using var scope = _server.Services.CreateAsyncScope();
        var users = scope.ServiceProvider.GetRequiredService<UserManager<IdentityUser>>();
        Assert.True((await change(users, (await users.FindByEmailAsync(IdentityForms.Email))!)).Succeeded);
    }

    [GeneratedRegex("id=\"confirm-link\" href=\"([^\"]+)\"")]
    private static partial Regex ConfirmationLink();

    /// <summary>The sample as it runs, with a database of its own.</summary>
    private sealed class Server : WebApplicationFactory<ApplicationDbContext>
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("identity-host-");

        /// <summary>Every command that was sent to the database.</summary>
        public List<string> Commands { get; } = [];

        public HttpClient Browser() => CreateDefaultClient(new Uri("https://localhost"), new Microsoft.AspNetCore.Mvc.Testing.Handlers.CookieContainerHandler());

        public HttpClient Device(string? token = null)
        {
            var client = CreateDefaultClient(new Uri("https://localhost"));
            client.DefaultRequestHeaders.Authorization = token is null ? null : new("Bearer", token);
            return client;
        }

        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            if (disposing && _folder.Exists)
            {
                _folder.Delete(recursive: true);
                _folder.Refresh();
            }
        }

        protected override void ConfigureWebHost(IWebHostBuilder builder)
        {
            builder.UseEnvironment("Development");
            builder.UseSetting("ConnectionStrings:DefaultConnection", $"Data Source={Path.Combine(_folder.FullName, "app.db")};Pooling=False");
            builder.ConfigureServices(services => services.ConfigureDbContext<ApplicationDbContext>(options => options.AddInterceptors(new Recorder(Commands))));
        }
    }

    private sealed class Recorder(List<string> commands) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            Add(command);
            return ValueTask.FromResult(result);
        }

        public override ValueTask<InterceptionResult<int>> NonQueryExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
        {
            Add(command);
            return ValueTask.FromResult(result);
        }

        private void Add(DbCommand command)
        {
            lock (commands)
            {
                commands.Add(command.CommandText);
            }
        }
    }
}

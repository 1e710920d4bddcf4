using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;

namespace DeviceAuthorization.Client.Tests;

/// <summary>samples/TvDevice, as programs and people use it.</summary>
public sealed class TvDeviceTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("television-");
    private TestHost _host = null!;

    /// <summary>How many of the next requests get no answer.</summary>
    private int _cut;

    private string StateFile => Path.Combine(_folder.FullName, "state", "tv.json");

    public async Task InitializeAsync() => _host = await TestHost.StartAsync(
        options =>
        {
            options.PublicOrigin = null;
            options.PollingInterval = TimeSpan.FromSeconds(1); // real ones
        },
        kestrel: true,
        environment: "Development",
        map: app =>
        {
            app.MapDeviceAuthorizationMetadata();
            app.Use((context, next) =>
            {
                if (_cut-- <= 0)
                {
                    return next(context);
                }

                context.Abort();
                return Task.CompletedTask;
            });
        });

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task A_person_reads_the_code_approves_and_sees_the_library()
    {
        await using var television = Start("--scope", "library.read");
        var code = (await television.LineAsync("│")).Trim(' ', '│');
        Assert.Contains($"?user_code={code}", await television.LineAsync("?user_code="), StringComparison.Ordinal);
        await television.LineAsync("Waiting for your answer on the phone. The code is valid for ");
        await ApproveAsync(code);

        Assert.Equal((0, ""), await television.EndAsync());
        Assert.Contains("Connected as Living room TV (", television.Output, StringComparison.Ordinal);
        Assert.Contains("Granted: library.read", television.Output, StringComparison.Ordinal);
        Assert.Contains("/api/library answered 200:", television.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\r', television.Output); // the countdown is for terminals
    }

    [Fact]
    public async Task The_code_is_copied_into_the_clipboard_of_a_terminal()
    {
        await using var television = Television.StartInTerminal(80, _host.Address.ToString(), "--no-wait", "--copy", "--state", StateFile);
        var code = (await television.LineAsync("│")).Trim().Trim(' ', '│');
        var clipboard = $"\e]52;c;{Convert.ToBase64String(Encoding.UTF8.GetBytes(code))}\a";
        Assert.Equal((0, ""), await television.EndAsync());
        Assert.Contains(clipboard, television.Output, StringComparison.Ordinal);

        await using var piped = Start("--no-wait", "--copy", "--state", StateFile);
        Assert.Equal((0, ""), await piped.EndAsync());
        Assert.Contains(code, piped.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\e', piped.Output);
    }

    [Theory]
    [InlineData(80, "or scan this,", true)]
    [InlineData(30, "or open this (the window is too narrow for its QR code),", false)]
    public async Task A_QR_code_that_does_not_fit_is_not_drawn(int columns, string words, bool isDrawn)
    {
        await using var television = Television.StartInTerminal(columns, _host.Address.ToString(), "--no-wait", "--state", StateFile);
        await television.LineAsync(words);
        Assert.Equal((0, ""), await television.EndAsync());

        Assert.Equal(isDrawn, television.Output.Contains('█', StringComparison.Ordinal));
        Assert.Contains($"--resume {StateFile}", television.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_reads_events_and_finds_the_token_in_a_file_that_only_its_owner_can_read()
    {
        await using var television = Start("--json", "--state", StateFile);
        var code = await television.EventAsync("code");
        Assert.Equal(
            ($"{_host.Address}pair/device", $"{_host.Address}pair/device?user_code={code.String("user_code")}", StateFile),
            (code.String("verification_uri"), code.String("verification_uri_complete"), code.String("state_file")));
        Assert.InRange(code.GetProperty("seconds_left").GetInt32(), 590, 600);
        await ApproveAsync(code.String("user_code")!);

        var connected = await television.EventAsync("connected");
        Assert.Equal((0, ""), await television.EndAsync());
        var token = IssuedToken.Parse(await File.ReadAllTextAsync(StateFile));
        Assert.Equal(System.Net.HttpStatusCode.OK, (await _host.WithToken(token.AccessToken).GetAsync("/api/library")).StatusCode);
        Assert.Equal(token.DeviceId, connected.String("device_id"));
        Assert.DoesNotContain(token.AccessToken, television.Output, StringComparison.Ordinal);
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(StateFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));

        await using var again = Start("--json", "--state", StateFile, "--print-token"); // it is connected already
        Assert.Equal(token.AccessToken, (await again.EventAsync("connected")).String("access_token"));
    }

    [Fact]
    public async Task A_script_prints_the_code_first_and_waits_later()
    {
        await using var first = Start("--json", "--no-wait", "--state", StateFile);
        var code = await first.EventAsync("code");
        Assert.Equal((0, ""), await first.EndAsync());
        await ApproveAsync(code.String("user_code")!);
        await using var second = Start("--json", "--resume", code.String("state_file")!);

        Assert.Equal(code.String("user_code"), (await second.EventAsync("code")).String("user_code"));
        await second.EventAsync("connected");
        Assert.Equal((0, ""), await second.EndAsync());
    }

    [Fact]
    public async Task A_television_without_power_goes_on_with_the_same_code()
    {
        await using var first = Start("--json", "--state", StateFile);
        var code = await first.EventAsync("code");
        await first.KillAsync();
        await ApproveAsync(code.String("user_code")!);
        await using var second = Start("--json", "--state", StateFile);

        Assert.Equal(code.String("user_code"), (await second.EventAsync("code")).String("user_code"));
        await second.EventAsync("connected");
    }

    [Fact]
    public async Task Ctrl_C_withdraws_the_pairing_and_forgets_it()
    {
        await using var television = Start("--json", "--state", StateFile);
        await television.EventAsync("code");
        await television.InterruptAsync();

        await television.EventAsync("withdrawn");
        Assert.Equal((130, ""), await television.EndAsync());
        Assert.False(File.Exists(StateFile));
    }

    [Fact]
    public async Task A_native_binary_is_published_without_a_warning_and_pairs()
    {
        var output = await Sdk.RunAsync(
            _folder.FullName,
            "publish", Path.Combine(Repository.Root, "samples", "TvDevice", "TvDevice.csproj"), "-c", Sdk.Configuration, "-o", _folder.FullName, "-p:PublishAot=true",
            "-warnaserror", "-nodeReuse:false", "-p:BuildProjectReferences=false", "-p:RestoreRecursive=false", "-p:UseSharedCompilation=false", "-p:RunAnalyzers=false", "-p:DebugType=none");
        Assert.DoesNotContain("warning", output, StringComparison.Ordinal);
        await using var television = Television.StartNative(Path.Combine(_folder.FullName, "TvDevice"), _host.Address.ToString(), "--json", "--state", StateFile);
        await ApproveAsync((await television.EventAsync("code")).String("user_code")!);

        await television.EventAsync("connected");
        Assert.Equal((0, ""), await television.EndAsync());
    }

    [Fact]
    public async Task A_denied_television_says_so_and_forgets_the_pairing()
    {
        await using var television = Start("--json", "--state", StateFile);
        var code = await television.EventAsync("code");
        (await (await _host.SignInAsync("alice")).DenyAsync(code.String("user_code")!)).EnsureSuccessStatusCode();

        await television.EventAsync("denied");
        Assert.Equal((3, ""), await television.EndAsync());
        Assert.False(File.Exists(StateFile));
    }

    [Fact]
    public async Task A_kept_token_goes_to_no_other_server_and_a_television_that_pairs_again_is_the_same_device()
    {
        var devices = new List<string?>();
        for (var i = 0; i < 2; i++)
        {
            await using var television = Start("--json", "--state", StateFile);
            await ApproveAsync((await television.EventAsync("code")).String("user_code")!);
            devices.Add((await television.EventAsync("connected")).String("device_id"));
            Assert.Equal((0, ""), await television.EndAsync());

            await using var other = Television.Start("http://127.0.0.1:1", "--json", "--state", StateFile);
            Assert.Contains("has the token of", (await other.EventAsync("failed")).String("message"), StringComparison.Ordinal);
            File.Delete(StateFile);
        }

        Assert.Single(devices.Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_person_may_start_the_television_before_its_server()
    {
        _cut = 1;
        await using var television = Start();
        await ApproveAsync((await television.LineAsync("│")).Trim(' ', '│'));

        var (exitCode, errors) = await television.EndAsync();
        Assert.Equal(0, exitCode);
        Assert.Contains("The next try is in 3 seconds.", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_program_is_told_at_once_that_a_server_is_not_there()
    {
        await using var television = Television.Start("http://127.0.0.1:1", "--json");

        Assert.Contains("Connection refused", (await television.EventAsync("failed")).String("message"), StringComparison.Ordinal);
        Assert.Equal((1, ""), await television.EndAsync());
    }

    [Theory]
    [InlineData("with http:// or https:// in front.")]
    [InlineData("with http:// or https:// in front.", "nowhere")]
    [InlineData("There is no option --what.", "http://localhost", "--what")]
    [InlineData("--name needs a value.", "http://localhost", "--name")]
    [InlineData("usage: ", "http://localhost", "--no-wait", "--resume", "file")]
    [InlineData("usage: ", "http://localhost", "--print-token")] // to a terminal, and its history
    [InlineData("with http:// or https:// in front.", "localhost:5080")]
    [InlineData("usage: ", "http://localhost", "--json", "--copy")] // lines of JSON are for programs
    [InlineData("plain HTTP. Anyone on the way could read the token. Add --allow-http if you accept that.", "http://192.0.2.1")]
    public async Task Wrong_arguments_are_refused(string words, params string[] arguments)
    {
        await using var television = Television.Start(arguments);
        var (exitCode, errors) = await television.EndAsync();

        Assert.Equal(2, exitCode);
        Assert.Contains(words, errors, StringComparison.Ordinal);
    }

    private Television Start(params string[] arguments) => Television.Start([_host.Address.ToString(), .. arguments]);

    private async Task ApproveAsync(string code) => (await (await _host.SignInAsync("alice")).ApproveAsync(code)).EnsureSuccessStatusCode();
}

using System.Net;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Client.Tests;

/// <summary>The small clients of docs/devices.md: pairing, and the ways in which it ends.</summary>
public sealed class SmallClientTests
{
    [Fact]
    public Task Each_shows_the_code_and_the_number_and_keeps_the_token_in_a_file_that_only_its_owner_can_read() => SmallClient.RunAllAsync(
        async (host, client) =>
        {
            var code = await client.CodeAsync();
            await using var scope = host.Services.CreateAsyncScope();
            var flow = scope.ServiceProvider.GetRequiredService<ApproverFlow>();
            Assert.True(host.Services.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value.UserCode.TryParse(code, out var userCode));
            Assert.IsType<ApproverResult.ChooseNumber>(
                await flow.ApproveAsync(userCode, new Approver("alice"), new Approval { Scopes = ["library.read"], SupportsNumberMatching = true }));
            var line = await client.LineAsync("Choose this number on the page: ");
            var number = int.Parse(line.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture);
            Assert.IsType<ApproverResult.Approved>(await flow.ChooseNumberAsync(userCode, new Approver("alice"), number));

            Assert.Equal((0, "Connected.", ""), await client.EndAsync());
            Assert.Equal(HttpStatusCode.OK, await client.UseTokenAsync(host));
            Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(client.TokenFile) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        },
        options => options.NumberMatching = NumberMatching.Always);

    [Fact]
    public Task A_denial_ends_each() => SmallClient.RunAllAsync(async (host, client) =>
    {
        (await (await host.SignInAsync("alice")).DenyAsync(await client.CodeAsync())).EnsureSuccessStatusCode();
        var (exitCode, output, errors) = await client.EndAsync();

        Assert.Equal((1, ""), (exitCode, output));
        Assert.StartsWith("Not paired: access_denied", errors, StringComparison.Ordinal);
        Assert.False(File.Exists(client.TokenFile));
    });

    [Fact]
    public Task Ctrl_C_withdraws_the_pairing_of_each() => SmallClient.RunAllAsync(async (host, client) =>
    {
        var code = await client.CodeAsync();
        await client.InterruptAsync();
        var (exitCode, _, errors) = await client.EndAsync();

        Assert.Equal(1, exitCode);
        Assert.StartsWith("Given up.", errors, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await (await host.SignInAsync("alice")).ApproveAsync(code)).StatusCode);
    });

    [Fact]
    public Task Each_says_why_it_could_not_start() => SmallClient.RunAllAsync(
        async (_, client) =>
        {
            var (exitCode, output, errors) = await client.EndAsync();

            Assert.Equal((1, ""), (exitCode, output));
            Assert.Contains("invalid_scope", errors, StringComparison.Ordinal);
        },
        options => options.Scopes.Remove("library.read"));

    [Fact]
    public void The_document_shows_them_as_they_are()
    {
        var document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "devices.md"));
        foreach (var (file, fence) in new[] { ("pair.cs", "csharp"), ("pair.py", "python"), ("pair.mjs", "js"), ("pair.go", "go"), ("pair.sh", "bash") })
        {
            Assert.Contains($"\n```{fence}\n{File.ReadAllText(SmallClient.Source(file))}```\n", document, StringComparison.Ordinal);
        }
    }
}

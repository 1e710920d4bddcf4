using System.Net;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>How long the people and devices of a soak take, at most, and for how long they go on.</summary>
internal sealed record Rhythm(TimeSpan Start, TimeSpan Pause, TimeSpan Decision, TimeSpan Call, CancellationToken Over)
{
    /// <summary>Bounds the work where kills take long, on a busy machine.</summary>
    public int MostRounds { get; init; } = int.MaxValue;

    /// <summary>Whether there is time for codes that nobody enters to expire.</summary>
    public bool LetsCodesExpire { get; init; }
}

/// <summary>A device that pairs, calls the API, loses its access and pairs again, until the soak is over. It checks each answer.</summary>
internal sealed class LoopingMember(CrowdMember member, PostgresStores stores, Pace pace, Rhythm rhythm, Action<string> count)
{
    private int _round;

    /// <summary>The last token that ended.</summary>
    public string? EndedToken { get; private set; }

    public async Task LoopAsync()
    {
        await pace.PauseAsync($"{member.Index} begins", rhythm.Start);
        do
        {
            _round++;
            await (Draw("kind") switch
            {
                < 0.05 when rhythm.LetsCodesExpire => ForgetAsync(),
                < 0.15 => WithdrawAsync(),
                _ => PairAsync(),
            });
            if (member.Token is { } token)
            {
                await CallAsync(token);
                await EndAsync(token);
            }

            await PauseAsync("rests", rhythm.Pause).WaitAsync(rhythm.Over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        while (!rhythm.Over.IsCancellationRequested && _round < rhythm.MostRounds);
    }

    /// <summary>What the token says at any host: the id of its device; empty if it is refused.</summary>
    public static Task<string> UseAsync(HttpClient host, string token) => Flow.UntilAnsweredAsync(async () =>
    {
        try
        {
            return await host.UseAsync(token);
        }
        catch (HttpRequestException exception) when (exception.StatusCode == HttpStatusCode.Unauthorized)
        {
            return "";
        }
    });

    private async Task PairAsync()
    {
        var earlier = member.Token;
        await member.PairAsync(TimeSpan.Zero, rhythm.Decision);
        count(member.Approves ? "paired" : "denied");
        if (earlier is not null && earlier != member.Token)
        {
            await RefusedAsync(earlier);
            count("replaced");
        }
    }

    /// <summary>The device gives up. Its code is then nobody's.</summary>
    private async Task WithdrawAsync()
    {
        var device = member.Hosts.Device(member.Identifier);
        var codes = await Flow.UntilAnsweredAsync(() => device.StartAsync());
        await PauseAsync("gives up", rhythm.Decision);
        await Flow.UntilAnsweredAsync(async () =>
        {
            await device.WithdrawAsync(codes);
            return codes;
        });
        Assert.IsType<ApproverAnswer.Unknown>(await Flow.UntilAnsweredAsync(() => member.Hosts.ApproveAsync(member.User, codes)));
        count("withdrawn");
    }

    /// <summary>Nobody enters the code until it has expired.</summary>
    private async Task ForgetAsync()
    {
        var device = member.Hosts.Device(member.Identifier);
        var codes = await Flow.UntilAnsweredAsync(() => device.StartAsync());
        Assert.IsType<DeviceAnswer.Expired>(await device.PollUntilFinalAsync(codes));
        Assert.IsType<ApproverAnswer.Unknown>(await Flow.UntilAnsweredAsync(() => member.Hosts.ApproveAsync(member.User, codes)));
        count("expired code");
    }

    private async Task CallAsync(string token)
    {
        for (var call = 0; call < 3; call++)
        {
            await PauseAsync($"call {call}", rhythm.Call);
            Assert.Equal(member.DeviceId, await UseAsync(member.Hosts, token));
        }
    }

    /// <summary>Ends the access in one of the ways, or keeps it until the next pairing replaces it.</summary>
    private async Task EndAsync(string token)
    {
        var how = Draw("ends");
        if (how > 0.7 || (rhythm.Over.IsCancellationRequested && how > 0.3))
        {
            return;
        }

        if (member.IsAlone)
        {
            await SendAsync("signed out", HttpMethod.Post, "/api/client-tokens/revoke-all");
        }
        else if (how < 0.25)
        {
            await SendAsync("removed", HttpMethod.Delete, $"/api/devices/{member.DeviceId}");
            member.DeviceId = null;
        }
        else if (how < 0.5)
        {
            await SendAsync("revoked", HttpMethod.Post, "/api/auth/device/revoke", ("token", token), ("client_id", "simulated-tv"));
        }
        else
        {
            await stores.ExpireTokenAsync(member.DeviceId!);
            count("expired token");
        }

        (member.Token, EndedToken) = (null, token);
        await RefusedAsync(token);
    }

    /// <summary>Sends what the device or its owner wants until it is done. 404 means that it was, and that the answer was lost.</summary>
    private async Task SendAsync(string what, HttpMethod method, string path, params (string Name, string Value)[] form)
    {
        await Flow.UntilAnsweredAsync(async () =>
        {
            using var request = new HttpRequestMessage(method, path);
            if (form.Length > 0)
            {
                request.Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
            }
            else
            {
                request.Headers.Add(FakeApproverDefaults.UserHeader, member.User);
            }

            using var answer = await member.Hosts.SendAsync(request);
            return answer.StatusCode == HttpStatusCode.NotFound ? answer : answer.EnsureSuccessStatusCode();
        });
        count(what);
    }

    private async Task RefusedAsync(string token)
    {
        for (var call = 0; call < 2; call++) // at one host, then the other
        {
            Assert.Equal("", await UseAsync(member.Hosts, token));
        }
    }

    private double Draw(string what) => pace.Draw($"{member.Index} {_round} {what}");

    private Task PauseAsync(string what, TimeSpan longest) => pace.PauseAsync($"{member.Index} {_round} {what}", longest);
}

using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using DeviceAuthorization.Http;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.CrashTests;

/// <summary>The devices and approvers of these tests, at one host or another.</summary>
internal static class Flow
{
    public static readonly string[] Scopes = [CrashHost.Scope];

    private static readonly TimeSpan FirstRetryPause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestRetryPause = TimeSpan.FromSeconds(4); // otherwise thousands of retries keep a host from starting

    public static DeviceSimulator Device(this HttpClient host, string identifier, string? idempotencyKey = null, DeviceDialect dialect = DeviceDialect.Form, TimeSpan wait = default) =>
        new(host, TimeProvider.System) { Identifier = identifier, IdempotencyKey = idempotencyKey, Dialect = dialect, Scopes = Scopes, Wait = wait };

    public static Task<ApproverAnswer> ApproveAsync(this HttpClient host, string user, DeviceCodes codes) =>
        new ApproverSimulator(host, user).ApproveAsync(codes.UserCode, Scopes);

    public static Task<ApproverAnswer> DenyAsync(this HttpClient host, string user, DeviceCodes codes) =>
        new ApproverSimulator(host, user).DenyAsync(codes.UserCode);

    /// <summary>What a device is for; its id.</summary>
    public static async Task<string> UseAsync(this HttpClient host, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/library") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        using var response = await host.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadAsStringAsync();
    }

    /// <summary>The owner removes a device.</summary>
    public static async Task RemoveAsync(this HttpClient host, string user, string deviceId)
    {
        using var request = new HttpRequestMessage(HttpMethod.Delete, $"/api/devices/{deviceId}") { Headers = { { FakeApproverDefaults.UserHeader, user } } };
        using var answer = await host.SendAsync(request);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>Asks again while there is no answer, or 503, as devices and people do.</summary>
    public static async Task<T> UntilAnsweredAsync<T>(Func<Task<T>> ask)
        where T : class
    {
        var asked = Stopwatch.GetTimestamp();
        for (var pause = FirstRetryPause; ; pause = pause < LongestRetryPause ? pause * 1.25 : pause)
        {
            try
            {
                if (await ask() is var answer and not (DeviceAnswer.Unavailable or ApproverAnswer.Unavailable))
                {
                    return answer;
                }
            }
            catch (HttpRequestException exception) when (exception.StatusCode is null or HttpStatusCode.ServiceUnavailable)
            {
                // as above
            }

            Assert.True(Stopwatch.GetElapsedTime(asked) < HostProcess.Patience, "There was no answer for two minutes.");
            await Task.Delay(pause);
        }
    }
}

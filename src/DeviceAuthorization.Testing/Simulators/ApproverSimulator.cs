using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace DeviceAuthorization.Testing;

/// <summary>A signed-in user who decides through the JSON endpoints of the flow.</summary>
/// <param name="http">Reaches the host.</param>
/// <param name="userId">
/// The user's id, for a host with <c>AddFakeApprover()</c>; <see langword="null"/> if <paramref name="http"/> carries the host's own sign-in.
/// </param>
/// <param name="scopes">Limits the sign-in to these scopes; <see langword="null"/> for no limit.</param>
public sealed class ApproverSimulator(HttpClient http, string? userId = null, IReadOnlyList<string>? scopes = null)
{
    /// <summary>The path of the endpoints, as given to <c>MapDeviceAuthorization</c>.</summary>
    /// <value><c>/api/auth/device</c> by default.</value>
    public string Prefix { get; init; } = "/api/auth/device";

    /// <summary>Enters a code, which claims its pairing.</summary>
    /// <param name="userCode">The code as typed.</param>
    /// <returns><see cref="ApproverAnswer.Found"/> if the approver may decide.</returns>
    public Task<ApproverAnswer> LookUpAsync(string userCode, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(userCode);
        return SendAsync(HttpMethod.Get, $"pending/{Uri.EscapeDataString(userCode)}", null, ReadFound, cancellationToken);
    }

    /// <summary>Approves the pairing.</summary>
    /// <param name="userCode">The code as typed.</param>
    /// <param name="approvedScopes">The scopes to grant.</param>
    /// <param name="cancellationToken">After a cancellation, it is unknown whether the host received the approval.</param>
    /// <returns><see cref="ApproverAnswer.Approved"/> if it counts.</returns>
    public Task<ApproverAnswer> ApproveAsync(string userCode, IReadOnlyList<string> approvedScopes, CancellationToken cancellationToken = default) => SendAsync(
        HttpMethod.Post,
        "approve",
        new { user_code = userCode, approved_scopes = approvedScopes },
        body => new ApproverAnswer.Approved(body.GetProperty("device_id").GetString()!, body.GetProperty("device_name").GetString()),
        cancellationToken);

    /// <summary>Denies the pairing.</summary>
    /// <param name="userCode">The code as typed.</param>
    /// <param name="cancellationToken">After a cancellation, it is unknown whether the host received the denial.</param>
    /// <returns><see cref="ApproverAnswer.Denied"/> if it counts.</returns>
    public Task<ApproverAnswer> DenyAsync(string userCode, CancellationToken cancellationToken = default) =>
        SendAsync(HttpMethod.Post, "deny", new { user_code = userCode }, _ => new ApproverAnswer.Denied(), cancellationToken);

    private async Task<ApproverAnswer> SendAsync(
        HttpMethod method, string path, object? body, Func<JsonElement, ApproverAnswer> read, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, $"{Prefix}/{path}") { Content = body is null ? null : JsonContent.Create(body) };
        if (userId is not null)
        {
            request.Headers.Add(FakeApproverDefaults.UserHeader, userId);
        }

        if (scopes is not null)
        {
            request.Headers.Add(FakeApproverDefaults.ScopesHeader, string.Join(' ', scopes));
        }

        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return response.StatusCode switch
            {
                HttpStatusCode.OK => read(await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)),
                HttpStatusCode.NotFound => new ApproverAnswer.Unknown(),
                HttpStatusCode.Gone => new ApproverAnswer.AlreadyDecided(
                    (await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken)).GetProperty("detail").GetString()!),
                HttpStatusCode.ServiceUnavailable => new ApproverAnswer.Unavailable(),
                var other => new ApproverAnswer.Refused((int)other),
            };
        }
        catch (HttpRequestException)
        {
            return new ApproverAnswer.Unavailable();
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) // HttpClient.Timeout
        {
            return new ApproverAnswer.Unavailable();
        }
    }

    private static ApproverAnswer.Found ReadFound(JsonElement body) => new()
    {
        DeviceName = body.GetProperty("name").GetString()!,
        ClientId = body.GetProperty("client").GetString()!,
        RequestedScopes = [.. body.GetProperty("requested_scopes").EnumerateArray().Select(scope => scope.GetString()!)],
        GrantableScopes = [.. body.GetProperty("allowed_scopes").EnumerateArray().Select(scope => scope.GetString()!)],
        ReplacedDeviceId = body.TryGetProperty("replaces_device", out var known) && known.ValueKind == JsonValueKind.Object
            ? known.GetProperty("device_id").GetString()
            : null,
    };
}

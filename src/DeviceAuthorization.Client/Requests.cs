using System.Net.Http.Headers;
using System.Text.Json;

namespace DeviceAuthorization.Client;

/// <summary>The requests of the flow, in the words of the dialect.</summary>
internal sealed class Requests(PairingClientOptions options)
{
    /// <summary>RFC 8628 §3.1.</summary>
    public HttpRequestMessage Start(Uri endpoint)
    {
        var device = options.Device;
        var isRomM = options.Dialect == PairingDialect.RomM;
        var own = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            [isRomM ? "client" : "client_id"] = options.ClientId,
            ["client_secret"] = options.ClientSecret,
            ["scope"] = isRomM ? null : options.Scope,
            ["name"] = device.Name,
            ["platform"] = device.Platform,
            ["client_device_identifier"] = device.Identifier,
            ["client_version"] = device.Version,
            ["number_matching"] = !isRomM && options.CanShowNumber ? "true" : null,
        };
        var parameters = own.Concat(options.Parameters.Where(extra => !own.ContainsKey(extra.Key)).Select(extra => new KeyValuePair<string, string?>(extra.Key, extra.Value)));
        return new(HttpMethod.Post, endpoint)
        {
            Content = isRomM
                ? Json(parameters, json =>
                {
                    json.WriteStartArray("requested_scopes");
                    foreach (var scope in options.Scope!.Split([' '], StringSplitOptions.RemoveEmptyEntries))
                    {
                        json.WriteStringValue(scope);
                    }

                    json.WriteEndArray();
                    if (options.CanShowNumber)
                    {
                        json.WriteBoolean("number_matching", true);
                    }
                })
                : Form(parameters),
        };
    }

    /// <summary>RFC 8628 §3.4.</summary>
    /// <param name="hold">Seconds that the server may hold its answer; zero: not at all.</param>
    public HttpRequestMessage Poll(SavedPairing pairing, int hold)
    {
        var isRomM = options.Dialect == PairingDialect.RomM;
        var parameters = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["grant_type"] = isRomM ? null : "urn:ietf:params:oauth:grant-type:device_code",
            ["device_code"] = pairing.DeviceCode,
            ["client_id"] = options.ClientId,
            ["client_secret"] = options.ClientSecret,
        };
        var request = new HttpRequestMessage(HttpMethod.Post, pairing.TokenEndpoint) { Content = isRomM ? Json(parameters) : Form(parameters) };
        request.Headers.Add("Idempotency-Key", pairing.IdempotencyKey);
        if (hold > 0)
        {
            request.Headers.Add("Prefer", FormattableString.Invariant($"wait={hold}"));
        }

        return request;
    }

    /// <summary>RFC 7009.</summary>
    public HttpRequestMessage Withdraw(SavedPairing pairing) => new(HttpMethod.Post, pairing.RevocationEndpoint)
    {
        Content = Form(new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["token"] = pairing.DeviceCode,
            ["token_type_hint"] = "device_code",
            ["client_id"] = options.ClientId,
            ["client_secret"] = options.ClientSecret,
        }),
    };

    /// <summary>A parameter without a value is left out (RFC 6749 §3.1).</summary>
    private static FormUrlEncodedContent Form(IEnumerable<KeyValuePair<string, string?>> parameters) =>
        new(parameters.Where(parameter => !string.IsNullOrEmpty(parameter.Value))!);

    private static ByteArrayContent Json(IEnumerable<KeyValuePair<string, string?>> parameters, Action<Utf8JsonWriter>? more = null)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            foreach (var parameter in parameters.Where(parameter => !string.IsNullOrEmpty(parameter.Value)))
            {
                json.WriteString(parameter.Key, parameter.Value);
            }

            more?.Invoke(json);
            json.WriteEndObject();
        }

        return new(body.ToArray()) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
    }
}

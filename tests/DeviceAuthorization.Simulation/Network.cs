using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace DeviceAuthorization.Simulation;

/// <summary>The way to some node: requests and answers take time. During the storm they get lost, come twice, and overtake each other.</summary>
internal sealed class Network(World world)
{
    private int _requests;

    /// <param name="serve">What the node does with the request.</param>
    /// <param name="show">The answer, for the trace.</param>
    /// <exception cref="HttpRequestException">The connection broke: whether the node got the request is unknown.</exception>
    public Task<T> SendAsync<T>(string what, Func<Node, CancellationToken, Task<T>> serve, Func<T, string> show, CancellationToken cancellationToken)
    {
        var (answer, name) = (new TaskCompletionSource<T>(), string.Create(CultureInfo.InvariantCulture, $"request {++_requests}"));
        world.Scheduler.Say($"{name}: {what}");
        cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken));
        for (var copies = world.IsStorm && world.Dice.Chance(world.Plan.Duplicates) ? 2 : 1; copies > 0; copies--)
        {
            if (IsLost())
            {
                Break("the request is lost");
                continue;
            }

            world.Scheduler.After(world.Latency(), null, () =>
            {
                if (world.SomeNode() is { } node)
                {
                    _ = ServeAsync(node);
                }
                else
                {
                    Break("no node runs");
                }
            });
        }

        return answer.Task;

        async Task ServeAsync(Node node)
        {
            var aborted = new CancellationTokenSource();
            await using var left = cancellationToken.Register(() => world.Scheduler.After(world.Latency(), node.Life, aborted.Cancel));
            var died = () => Break($"{node.Name} died");
            node.Open.Add(died);
            world.Invariants.Begin();
            try
            {
                var result = await serve(node, aborted.Token);
                if (IsLost())
                {
                    Break($"{node.Name} answered {show(result)}, which is lost");
                }
                else
                {
                    world.Scheduler.Say($"{name}: {node.Name} answers {show(result)}");
                    world.Scheduler.After(world.Latency(), null, () => answer.TrySetResult(result));
                }
            }
            catch (Exception exception)
            {
                if (!aborted.IsCancellationRequested)
                {
                    world.Invariants.Failed(node, exception);
                }

                Break($"{node.Name} gave no answer");
            }

            node.Open.Remove(died);
            world.Invariants.End();
        }

        bool IsLost() => world.IsStorm && world.Dice.Chance(world.Plan.Losses);

        // Most connections break. Some just stay silent, until they break after a minute.
        void Break(string why)
        {
            world.Scheduler.Say($"{name}: {why}");
            world.Scheduler.After(world.Dice.Chance(0.7) ? world.Latency() : TimeSpan.FromMinutes(1), null, () => answer.TrySetException(new HttpRequestException("The connection broke.")));
        }
    }
}

/// <summary>The network as one sender has it. It remembers what the sender was given, because the library shows it to nobody else.</summary>
internal sealed class Wire(World world, string sender, IPAddress address) : HttpMessageHandler
{
    /// <summary>
    /// Stops the sender in the middle of some request. Not between two: .NET continues in another thread when it cancels a delay.
    /// </summary>
    public Action? Stop { get; set; }

    /// <summary>The pairing that this sender started last; null if it started none.</summary>
    public string? DeviceCodeHash { get; private set; }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var headers = Headers(request.Headers).ToList();
        var body = Array.Empty<byte>();
        if (request.Content is not null)
        {
            body = await request.Content.ReadAsByteArrayAsync(cancellationToken);
            headers.AddRange(Headers(request.Content.Headers));
        }

        var path = request.RequestUri!.PathAndQuery;
        var call = path.StartsWith("/api/auth/device/pending/", StringComparison.Ordinal) ? "pending" : path.StartsWith("/api/devices/", StringComparison.Ordinal) ? "a device" : path;
        var message = new Message(request.Method.Method, path, headers, body, address);
        var (pairing, isHeld) = (DeviceCodeHash, request.Headers.Contains("Prefer"));
        var token = request.Headers.Authorization is { Scheme: "Bearer", Parameter: { } presented } ? Hash(presented) : null;
        var sent = world.Network.SendAsync(
            $"{sender}: {request.Method} {call}{(isHeld ? ", may be held" : "")}",
            async (node, aborted) =>
            {
                var (began, wasLive) = (world.Scheduler.Now, token is not null && world.IsLive(token));
                var answer = await node.ServeAsync(message, aborted);
                world.Invariants.Answered(node, answer, began);
                Array.ForEach(["device_code", "user_code", "access_token"], name => world.Invariants.Keep(Member(answer, name)));
                if (token is not null)
                {
                    world.Invariants.Called(token, wasLive, answer.Status);
                }
                else if (isHeld)
                {
                    world.Invariants.Held(pairing, began);
                }

                return answer;
            },
            answer => $"{answer.Status}{Word(answer)}",
            cancellationToken);
        if (Stop is not null && world.Dice.Chance(0.2))
        {
            world.Scheduler.After(world.Dice.Milliseconds(1, 2000), null, () =>
            {
                if (!sent.IsCompleted && Stop is { } stop)
                {
                    Stop = null;
                    stop();
                }
            });
        }

        var answer = await sent;
        if (Member(answer, "device_code") is { } code)
        {
            DeviceCodeHash = Hash(code);
        }

        var response = new HttpResponseMessage((HttpStatusCode)answer.Status) { Content = new ByteArrayContent(answer.Body), RequestMessage = request };
        foreach (var (name, value) in answer.Headers)
        {
            if (!response.Headers.TryAddWithoutValidation(name, value))
            {
                response.Content.Headers.TryAddWithoutValidation(name, value);
            }
        }

        return response;
    }

    public static string Hash(string secret) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(secret)));

    private static IEnumerable<KeyValuePair<string, string>> Headers(HttpHeaders headers) =>
        headers.NonValidated.SelectMany(header => header.Value, (header, value) => KeyValuePair.Create(header.Key, value));

    /// <summary>The error of an answer: never a secret.</summary>
    private static string Word(Answer answer) => answer.Status < 400 ? "" : (Member(answer, "error") ?? Member(answer, "detail")) is { } word ? $" ({word})" : "";

    private static string? Member(Answer answer, string name)
    {
        if (answer.Body is not [(byte)'{', ..])
        {
            return null;
        }

        using var json = JsonDocument.Parse(answer.Body);
        return json.RootElement.TryGetProperty(name, out var member) && member.ValueKind == JsonValueKind.String ? member.GetString() : null;
    }
}

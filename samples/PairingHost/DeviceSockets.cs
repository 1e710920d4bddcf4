using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using DeviceAuthorization;

namespace PairingHost;

/// <summary>
/// Sockets over which devices learn at once what their owner wants. A device sends its token as the first message. The socket closes when the token ends.
/// RomM's own sockets speak Socket.IO; the token lets them in, and ends them, in the same way.
/// </summary>
internal sealed class DeviceSockets
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Channel<byte[]>, string> _deviceOf = [];

    /// <summary>Sends to each open socket of the device. A device without one gets nothing: it asks when it connects.</summary>
    public void Send(string deviceId, object message)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(message);
        foreach (var (outbox, _) in _deviceOf.Where(open => open.Value == deviceId))
        {
            outbox.Writer.TryWrite(json);
        }
    }

    /// <summary>Serves a socket until its device closes it, its token ends, or the host stops.</summary>
    public async Task ServeAsync(WebSocket socket, DeviceAccess access, CancellationToken stopping)
    {
        var outbox = Channel.CreateBounded<byte[]>(100); // of a device that reads nothing, later messages are lost
        using var connection = await access.ConnectAsync(await ReadTokenAsync(socket, stopping), stopping);
        if (connection?.Token is not { Device: { } device } token || !token.Scopes.Contains("devices.read", StringComparer.Ordinal))
        {
            await CloseAsync(socket, ListenAsync(socket, outbox.Writer), WebSocketCloseStatus.PolicyViolation, "unauthorized");
            return;
        }

        _deviceOf[outbox] = device.Id;
        outbox.Writer.TryWrite("""{"type":"connected"}"""u8.ToArray()); // from here on the device misses nothing: it claims what was asked for before
        var listening = ListenAsync(socket, outbox.Writer);
        try
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(connection.Ended, stopping);
            await foreach (var message in outbox.Reader.ReadAllAsync(end.Token))
            {
                await socket.SendAsync(message, WebSocketMessageType.Text, endOfMessage: true, end.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // the token ended, or the host stops
        }
        finally
        {
            _deviceOf.TryRemove(outbox, out _);
        }

        await (connection.Ended.IsCancellationRequested
            ? CloseAsync(socket, listening, WebSocketCloseStatus.PolicyViolation, "unauthorized")
            : CloseAsync(socket, listening, WebSocketCloseStatus.NormalClosure, ""));
    }

    private static async Task CloseAsync(WebSocket socket, Task listening, WebSocketCloseStatus status, string reason)
    {
        if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
        {
            using var patience = new CancellationTokenSource(Patience);
            await socket.CloseOutputAsync(status, reason, patience.Token);
            await listening.WaitAsync(patience.Token); // for the device's own close
        }
    }

    private static async Task<string> ReadTokenAsync(WebSocket socket, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        var buffer = new byte[512]; // no token is longer
        var message = await socket.ReceiveAsync(buffer, patience.Token);
        return message is { MessageType: WebSocketMessageType.Text, EndOfMessage: true } ? Encoding.UTF8.GetString(buffer, 0, message.Count) : "";
    }

    /// <summary>Reads, and passes over, what a device sends, until it closes the socket. Nothing is sent to it then.</summary>
    private static async Task ListenAsync(WebSocket socket, ChannelWriter<byte[]> outbox)
    {
        try
        {
            while ((await socket.ReceiveAsync(new byte[512], CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
            }
        }
        catch (WebSocketException)
        {
            // the device is gone, without a word
        }

        outbox.TryComplete();
    }
}

internal static class DeviceSocketEndpoint
{
    public static void MapDeviceSockets(this WebApplication app)
    {
        app.UseWebSockets();
        app.Map("/ws/devices", async (HttpContext context, DeviceAccess access, DeviceSockets sockets) =>
        {
            if (!context.WebSockets.IsWebSocketRequest)
            {
                return Results.BadRequest();
            }

            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            try
            {
                await sockets.ServeAsync(socket, access, app.Lifetime.ApplicationStopping);
            }
            catch (Exception exception) when (exception is OperationCanceledException or WebSocketException)
            {
                // the device is gone, or said nothing for too long
            }

            return Results.Empty;
        }).ExcludeFromDescription();
    }
}

using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace DeviceAuthorization.Benchmarks;

/// <summary>The answer to one request. Its body is valid until the next request on the same connection.</summary>
internal readonly record struct Answer(int Status, ReadOnlyMemory<byte> Body);

/// <summary>
/// A kept-alive HTTP/1.1 connection that sends requests made beforehand. It reads no more of an answer than it must, so that the load costs little
/// beside the server: the status, and where the body ends.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 * 1024];

    /// <param name="from">A loopback address, which the server sees as the client's.</param>
    public static async Task<HttpConnection> OpenAsync(int port, IPAddress from)
    {
        var connection = new HttpConnection();
        connection._socket.Bind(new IPEndPoint(from, 0));
        await connection._socket.ConnectAsync(IPAddress.Loopback, port);
        return connection;
    }

    public async ValueTask<Answer> SendAsync(ReadOnlyMemory<byte> request)
    {
        await _socket.SendAsync(request);
        for (var received = 0; ;)
        {
            var more = await _socket.ReceiveAsync(_buffer.AsMemory(received));
            if (more == 0)
            {
                throw new IOException("The server closed the connection, or its answer is longer than expected.");
            }

            received += more;
            if (TryRead(received, out var answer))
            {
                return answer;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private bool TryRead(int received, out Answer answer)
    {
        answer = default;
        var bytes = _buffer.AsSpan(0, received);
        var end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !Utf8Parser.TryParse(bytes["HTTP/1.1 ".Length..], out int status, out _))
        {
            return false;
        }

        var body = end + 4;
        var length = bytes[..end].IndexOf("\r\nContent-Length: "u8);
        var isWhole = length >= 0
            ? Utf8Parser.TryParse(bytes[(length + "\r\nContent-Length: ".Length)..], out int size, out _) && received == body + size
            : bytes.EndsWith("\r\n0\r\n\r\n"u8); // chunked; nothing follows, because only one request is on its way
        answer = new Answer(status, _buffer.AsMemory(body, received - body));
        return isWhole;
    }
}

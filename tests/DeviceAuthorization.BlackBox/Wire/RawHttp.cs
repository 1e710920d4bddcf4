using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace DeviceAuthorization.BlackBox;

/// <summary>HTTP/1.1 written by hand, for requests that no HTTP client lets one send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Sends the text as it is (Latin-1), and reads all answers until the connection ends.</summary>
    /// <param name="host">The host.</param>
    /// <param name="requests">Heads and bodies. In them <c>{host}</c> is the authority.</param>
    public static async Task<Answer[]> SendAsync(Host host, string requests)
    {
        using var connection = await ConnectAsync(host);
        var stream = connection.GetStream();
        await stream.WriteAsync(Bytes(host, requests));
        return Parse(await ReadAsync(stream));
    }

    /// <summary>One request: its line and headers without Host, Connection and Content-Length; and its body.</summary>
    public static async Task<Answer> AskAsync(Host host, string head, string body = "") => Assert.Single(await SendAsync(
        host, $"{head}\r\nHost: {{host}}\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}"));

    /// <summary>Streams chunks of a body without end, until the server answers.</summary>
    /// <returns>The answer, and how many bytes were sent.</returns>
    public static async Task<(Answer Answer, long Sent)> FloodAsync(Host host, string head, long most)
    {
        using var connection = await ConnectAsync(host);
        var stream = connection.GetStream();
        await stream.WriteAsync(Bytes(host, $"{head}\r\nHost: {{host}}\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"));
        var answer = ReadAsync(stream);
        var chunk = Encoding.Latin1.GetBytes($"10000\r\n{new string('a', 0x10000)}\r\n");
        var sent = 0L;
        try
        {
            for (; sent < most && !answer.IsCompleted; sent += chunk.Length)
            {
                await stream.WriteAsync(chunk);
            }
        }
        catch (IOException)
        {
            // The server closed the connection: that is the point.
        }

        return (Assert.Single(Parse(await answer)), sent);
    }

    private static async Task<TcpClient> ConnectAsync(Host host)
    {
        Skip.IfNot(host.Address.Scheme == Uri.UriSchemeHttp, "Written by hand, it needs plain HTTP.");
        var connection = new TcpClient();
        await connection.ConnectAsync(host.Address.Host, host.Address.Port);
        return connection;
    }

    private static byte[] Bytes(Host host, string text) => Encoding.Latin1.GetBytes(text.Replace("{host}", host.Address.Authority, StringComparison.Ordinal));

    private static async Task<string> ReadAsync(NetworkStream stream)
    {
        using var received = new MemoryStream();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await stream.CopyToAsync(received, patience.Token);
        }
        catch (IOException) when (received.Length > 0)
        {
            // Reset after the answer, because of the body nobody read.
        }

        return Encoding.Latin1.GetString(received.ToArray());
    }

    private static Answer[] Parse(string text)
    {
        var answers = new List<Answer>();
        while (text.Split("\r\n\r\n", 2) is [var head, var rest])
        {
            var lines = head.Split("\r\n");
            var headers = lines.Skip(1).Select(line => line.Split(':', 2)).Select(pair => (pair[0], pair[1].Trim())).ToArray();
            var answer = new Answer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, "");
            (var body, text) = answer.Header("Transfer-Encoding") is "chunked"
                ? Dechunk(rest)
                : (rest[..Length(answer, rest)], rest[Length(answer, rest)..]);
            answers.Add(answer with { Body = body });
        }

        return [.. answers];
    }

    private static int Length(Answer answer, string rest) =>
        answer.Header("Content-Length") is { } length ? Math.Min(int.Parse(length, CultureInfo.InvariantCulture), rest.Length) : rest.Length;

    private static (string Body, string Left) Dechunk(string rest)
    {
        var body = new StringBuilder();
        while (rest.Split("\r\n", 2) is [var size, var data])
        {
            var length = int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            body.Append(data.AsSpan(0, length));
            rest = data[(length + 2)..];
            if (length == 0)
            {
                break;
            }
        }

        return (body.ToString(), rest);
    }
}

using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace DeviceAuthorization.Tests;

/// <summary>HTTP/1.1 written by hand, for requests that no HTTP client lets one send.</summary>
internal static class RawHttp
{
    /// <summary>Sends the text as it is (Latin-1) and reads the answer.</summary>
    /// <param name="host">A host on Kestrel.</param>
    /// <param name="head">Request line and headers, a line each, without <c>Host</c> and <c>Connection</c>.</param>
    /// <param name="body">What follows the headers.</param>
    public static async Task<HttpResponseMessage> SendAsync(TestHost host, string head, string body = "")
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes($"{head.Trim().ReplaceLineEndings("\r\n")}\r\nHost: {host.Address.Authority}\r\nConnection: close\r\n\r\n{body}"));
        return await ReadAsync(stream);
    }

    /// <summary>Streams chunks of a body without end, until the server answers.</summary>
    /// <returns>The answer, and how many bytes were sent.</returns>
    public static async Task<(HttpResponseMessage Response, long Sent)> FloodAsync(TestHost host, string head, long most)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host.Address.Host, host.Address.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.Latin1.GetBytes(
            $"{head.Trim().ReplaceLineEndings("\r\n")}\r\nTransfer-Encoding: chunked\r\nHost: {host.Address.Authority}\r\nConnection: close\r\n\r\n"));
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

        return (await answer, sent);
    }

    private static async Task<HttpResponseMessage> ReadAsync(Stream stream)
    {
        using var received = new MemoryStream();
        var buffer = new byte[4096];
        try
        {
            while (!IsComplete(received) && await stream.ReadAsync(buffer) is > 0 and var read)
            {
                received.Write(buffer, 0, read);
            }
        }
        catch (IOException) when (received.Length > 0)
        {
            // Reset after the answer, because of the body nobody read.
        }

        var parts = Encoding.Latin1.GetString(received.ToArray()).Split("\r\n\r\n", 2);
        var lines = parts[0].Split("\r\n");
        var response = new HttpResponseMessage((HttpStatusCode)int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture))
        {
            Content = new StringContent(Body(parts)),
        };
        response.Content.Headers.Clear();
        foreach (var header in lines.Skip(1).Select(line => line.Split(": ", 2)).Where(header => header[0] != "Transfer-Encoding"))
        {
            if (!response.Headers.TryAddWithoutValidation(header[0], header[1]))
            {
                response.Content.Headers.TryAddWithoutValidation(header[0], header[1]);
            }
        }

        return response;
    }

    private static bool IsComplete(MemoryStream received)
    {
        var text = Encoding.Latin1.GetString(received.ToArray());
        return text.Contains("\r\n\r\n", StringComparison.Ordinal)
            && (text.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal) || text.Contains("\r\nContent-Length: 0\r\n", StringComparison.Ordinal));
    }

    private static string Body(string[] parts)
    {
        var (head, rest) = (parts[0], parts[1]);
        if (!head.Contains("Transfer-Encoding: chunked", StringComparison.Ordinal))
        {
            return rest;
        }

        var body = new StringBuilder();
        while (rest.Split("\r\n", 2) is [var size, var data] && int.Parse(size, NumberStyles.HexNumber, CultureInfo.InvariantCulture) is > 0 and var length)
        {
            body.Append(data.AsSpan(0, length));
            rest = data[(length + 2)..];
        }

        return body.ToString();
    }
}

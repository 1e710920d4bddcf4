using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using QRCoder;
using TvDevice;

const string Usage = """
    Plays a television that its owner pairs with a phone (RFC 8628).

    usage: TvDevice <server> [options]        for example: TvDevice http://localhost:5080
      --client-id <id>     the app on the television (tv-device)
      --scope "<a b>"      what to ask for (the server's default)
      --name <name>        what the owner reads on the phone (Living room TV)
      --platform <name>    the kind of device (tv)
      --device-id <id>     how the server knows this television again (random)
      --api </path>        what to call once paired (/api/library)

    exit codes: 0 paired, 1 no usable answer, 2 wrong arguments, 3 denied, 4 code expired, 5 refused, 130 interrupted
    """;
const int Ok = 0, Failed = 1, WrongArguments = 2, Denied = 3, Expired = 4, Refused = 5, Interrupted = 130;

if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(Usage);
    return Ok;
}

Dictionary<string, string> options = new(StringComparer.Ordinal)
{
    ["--client-id"] = "tv-device",
    ["--scope"] = "",
    ["--name"] = "Living room TV",
    ["--platform"] = "tv",
    ["--device-id"] = RandomNumberGenerator.GetHexString(32, lowercase: true),
    ["--api"] = "/api/library",
};
foreach (var pair in args.Skip(1).Chunk(2))
{
    if (pair is not [var name, var value] || !options.ContainsKey(name))
    {
        Console.Error.WriteLine(Usage);
        return WrongArguments;
    }

    options[name] = value;
}

// The slash at the end keeps the path of a server such as https://example.org/media/ in front of ours.
if (!Uri.TryCreate(args.FirstOrDefault()?.TrimEnd('/') + "/", UriKind.Absolute, out var server)
    || server.Scheme is not ("http" or "https"))
{
    Console.Error.WriteLine(Usage);
    return WrongArguments;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true; // the program ends below
    stop.Cancel();
};
Console.OutputEncoding = Encoding.UTF8; // the QR code is drawn with block characters

// A redirect could hand the device code to another server.
using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
using var http = new HttpClient(handler) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = 1 << 20 };
try
{
    return await PairAsync(stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return Interrupted;
}

async Task<int> PairAsync(CancellationToken cancellationToken)
{
    var flow = new DeviceFlow(http, TimeProvider.System, Console.Error);
    var started = await flow.StartAsync(
        new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["client_id"] = options["--client-id"],
            ["scope"] = options["--scope"],
            ["name"] = options["--name"],
            ["platform"] = options["--platform"],
            ["client_device_identifier"] = options["--device-id"],
            ["number_matching"] = "true",
        },
        cancellationToken);
    if (started.Value is not { } codes)
    {
        return Explain(started.Error, started.Trouble);
    }

    Show(codes);
    var polled = await flow.PollAsync(options["--client-id"], codes, number => Console.WriteLine($"\nCompare: {number}"), cancellationToken);
    return polled.Value is { } token
        ? await UseAsync(token, cancellationToken)
        : Explain(polled.Error, polled.Trouble); // and no new pairing: whether to try again is the owner's choice
}

void Show(DeviceCodes codes)
{
    var code = Printable(codes.UserCode);
    var edge = new string('─', code.Length + 6);
    Console.WriteLine($"""

        To pair "{options["--name"]}", open this link on your phone

            {Printable(codes.VerificationUri)}

        and enter this code

            ┌{edge}┐
            │   {code}   │
            └{edge}┘
        """);
    if (codes.VerificationUriComplete is { } complete)
    {
        Console.WriteLine($"\nor scan this, and check that the phone shows the same code: {Printable(complete)}\n");
        ShowQr(complete);
    }

    Console.WriteLine("\nWaiting for your answer on the phone.");
}

static void ShowQr(string text)
{
    using var qr = QRCodeGenerator.GenerateQrCode(text, QRCodeGenerator.ECCLevel.M);
    using var picture = new AsciiQRCode(qr);
    foreach (var line in picture.GetGraphicSmall().Split('\n'))
    {
        // The blocks are the light part. On a terminal that is dark on light they would be the dark one, which some phones do not read.
        (Console.BackgroundColor, Console.ForegroundColor) = (ConsoleColor.Black, ConsoleColor.White);
        Console.Write(line);
        Console.ResetColor();
        Console.WriteLine();
    }
}

async Task<int> UseAsync(DeviceToken token, CancellationToken cancellationToken)
{
    if (!token.TokenType.Equals("Bearer", StringComparison.OrdinalIgnoreCase)
        || !AuthenticationHeaderValue.TryParse($"Bearer {token.AccessToken}", out var authorization))
    {
        return Explain(error: null, "a token that this device cannot use");
    }

    Console.WriteLine($"Paired. Granted: {Printable(token.Scope ?? options["--scope"])}");
    var api = new Uri(server + options["--api"].TrimStart('/'));
    using var request = new HttpRequestMessage(HttpMethod.Get, api) { Headers = { Authorization = authorization } };
    try
    {
        using var response = await http.SendAsync(request, cancellationToken);
        Console.WriteLine($"GET {api} answered {(int)response.StatusCode}:");
        Console.WriteLine(Printable(await response.Content.ReadAsStringAsync(cancellationToken)));
        return response.IsSuccessStatusCode ? Ok : Failed;
    }
    catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
    {
        return Explain(error: null, $"{api}: {e.Message.TrimEnd('.')}");
    }
}

static int Explain(OAuthError? error, string? trouble)
{
    var (message, exitCode) = error?.Error switch
    {
        null => ($"No usable answer from the server ({trouble}).", Failed),
        "access_denied" => ("Denied on the phone.", Denied),
        "expired_token" => ("The code has expired. Start again for a new one.", Expired),
        _ => ($"The server refused: {error.Error}. {error.ErrorDescription}", Refused),
    };
    Console.Error.WriteLine(Printable(message));
    return exitCode;
}

// What a server sends must not steer the terminal.
static string Printable(string? text) =>
    string.Concat((text ?? "").Where(c => !char.IsControl(c) || c is '\n'));

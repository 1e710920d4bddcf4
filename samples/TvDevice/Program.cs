using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DeviceAuthorization.Client;
using TvDevice;

const int Ok = 0, Failed = 1, WrongArguments = 2, Denied = 3, Expired = 4, Refused = 5, Interrupted = 130;

if (args.Contains("--help", StringComparer.Ordinal))
{
    Console.WriteLine(Arguments.Usage);
    return Ok;
}

if (Arguments.Parse(args, out var problem) is not { } arguments)
{
    Console.Error.WriteLine(problem is null ? Arguments.Usage : $"{Arguments.Usage}\n\n{problem}");
    return WrongArguments;
}

var stateFile = arguments.StateFile();
var store = stateFile is null ? null : new FileSecretStore(stateFile);
using var http = PairingClient.CreateHttpClient();
PairingClient client;
try
{
    client = new(http, new()
    {
        Server = arguments.Server,
        ClientId = arguments["--client-id"],
        Scope = arguments["--scope"],
        CanShowNumber = true,
        Device = new() { Name = arguments["--name"], Platform = arguments["--platform"], Identifier = await DeviceIdAsync() },
        Dialect = arguments.Has("--romm") ? PairingDialect.RomM : PairingDialect.OAuth,
        AllowHttp = arguments.Has("--allow-http"),
    });
}
catch (ArgumentException e)
{
    Console.Error.WriteLine(e.Message.Replace(" (Parameter 'options')", "", StringComparison.Ordinal).Replace("Set AllowHttp", "Add --allow-http", StringComparison.Ordinal));
    return WrongArguments;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"The identifier beside the state file: {e.Message}");
    return Failed;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = !stop.IsCancellationRequested; // the program ends below; a second Ctrl+C does not wait for that
    stop.Cancel();
};
Console.OutputEncoding = Encoding.UTF8; // the QR code is drawn with block characters

using var terminal = new TerminalScreen(arguments);
IScreen screen = arguments.Has("--json") ? new JsonLines(arguments.Has("--print-token")) : terminal;
try
{
    return await RunAsync(stop.Token);
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    return Interrupted;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    screen.ShowFailure($"The state file: {e.Message}");
    return Failed;
}

async Task<int> RunAsync(CancellationToken cancellationToken)
{
    DevicePairing pairing;
    try
    {
        var state = store is null ? null : await store.ReadAsync(cancellationToken);
        if (state is null && arguments["--resume"].Length > 0)
        {
            screen.ShowFailure($"There is no file {stateFile}.");
            return Failed;
        }

        if (TryReadToken(state) is { } kept)
        {
            if (kept.Server != arguments.Server)
            {
                screen.ShowFailure($"{stateFile} has the token of {kept.Server}, not of {arguments.Server}.");
                return Failed;
            }

            screen.ShowToken(kept, stateFile);
            return await UseAsync(kept, cancellationToken);
        }

        pairing = state is null ? await StartAsync(cancellationToken) : client.Resume(state);
    }
    catch (PairingException e)
    {
        screen.ShowFailure(e.Message);
        return e.Error is null ? Failed : Refused;
    }
    catch (FormatException e)
    {
        screen.ShowFailure($"{stateFile}: {e.Message}");
        return Failed;
    }

    await KeepAsync(pairing.Save());
    screen.ShowCode(pairing, stateFile);
    return arguments.Has("--no-wait") ? Ok : await WaitAsync(pairing, cancellationToken);
}

// A person who has switched both on waits for the server, too. Programs decide themselves whether to try again.
async Task<DevicePairing> StartAsync(CancellationToken cancellationToken)
{
    var since = Stopwatch.StartNew();
    while (true)
    {
        try
        {
            return await client.StartAsync(cancellationToken);
        }
        catch (PairingException e) when (e.IsTransient && since.Elapsed + e.RetryAfter < TimeSpan.FromMinutes(3) && !arguments.Has("--json") && !arguments.Has("--no-wait"))
        {
            var wait = e.RetryAfter > TimeSpan.Zero ? e.RetryAfter : TimeSpan.FromSeconds(3);
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{e.Message} The next try is in {wait.TotalSeconds:0} seconds."));
            await Task.Delay(wait, cancellationToken);
        }
    }
}

async Task<int> WaitAsync(DevicePairing pairing, CancellationToken cancellationToken)
{
    PairingProgress? last = null;
    try
    {
        await foreach (var step in pairing.WatchAsync(cancellationToken))
        {
            screen.Show(last = step);
        }
    }
    catch (OperationCanceledException)
    {
        await pairing.WithdrawAsync(CancellationToken.None);
        await ForgetAsync();
        screen.ShowWithdrawn();
        throw;
    }

    if (last is PairingProgress.Connected { Token: var token })
    {
        await KeepAsync(token.Save());
        screen.ShowToken(token, stateFile);
        return await UseAsync(token, cancellationToken);
    }

    await ForgetAsync(); // and no new pairing: whether to try again is the owner's choice
    return last switch
    {
        PairingProgress.Denied => Denied,
        PairingProgress.Expired => Expired,
        _ => Refused,
    };
}

async Task<int> UseAsync(IssuedToken token, CancellationToken cancellationToken)
{
    if (arguments.Has("--json"))
    {
        return Ok;
    }

    var api = new Uri(arguments.Server.AbsoluteUri.TrimEnd('/') + arguments["--api"]);
    try
    {
        using var handler = new BearerTokenHandler(arguments.Server, token, async (_, _) =>
        {
            await ForgetAsync();
            screen.ShowFailure("The token is not valid any more. Start again to pair again.");
        })
        {
            AllowHttp = arguments.Has("--allow-http"),
            InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false },
        };
        using var library = new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(15), MaxResponseContentBufferSize = 1 << 20 };
        using var response = await library.GetAsync(api, cancellationToken);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"GET {api} answered {(int)response.StatusCode}:"));
        Console.WriteLine(Printable(await response.Content.ReadAsStringAsync(cancellationToken)));
        return response.IsSuccessStatusCode ? Ok : Failed;
    }
    catch (ArgumentException e)
    {
        screen.ShowFailure($"A token that this device cannot use: {e.Message}");
    }
    catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
    {
        screen.ShowFailure($"No usable answer from {api} ({e.Message.TrimEnd('.')}).");
    }

    return Failed;
}

// The same television keeps its record at the server when it is paired again, so its identifier outlives the pairing.
async Task<string> DeviceIdAsync()
{
    if (arguments["--device-id"] is { Length: > 0 } given)
    {
        return given;
    }

    var kept = arguments["--state"].Length > 0 ? new FileSecretStore(stateFile + ".id") : null;
    var id = kept is null ? null : await kept.ReadAsync();
    if (id is null)
    {
        id = RandomNumberGenerator.GetHexString(32, lowercase: true);
        await (kept?.WriteAsync(id) ?? Task.CompletedTask);
    }

    return id;
}

Task KeepAsync(string text) => store?.WriteAsync(text, CancellationToken.None) ?? Task.CompletedTask;

Task ForgetAsync() => store?.DeleteAsync(CancellationToken.None) ?? Task.CompletedTask;

static IssuedToken? TryReadToken(string? state)
{
    try
    {
        return state is null ? null : IssuedToken.Parse(state);
    }
    catch (FormatException)
    {
        return null; // a pairing
    }
}

// What a server sends must not steer the terminal.
static string Printable(string text) => string.Concat(text.Where(c => !char.IsControl(c) || c is '\n'));

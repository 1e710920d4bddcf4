using System.Text;
using DeviceAuthorization.Client;

namespace TvDevice;

/// <summary>Where the television says what happens.</summary>
internal interface IScreen
{
    /// <param name="stateFile">Where the pairing is kept; null: nowhere.</param>
    void ShowCode(DevicePairing pairing, string? stateFile);

    void Show(PairingProgress step);

    /// <param name="stateFile">Where the token is kept; null: nowhere.</param>
    void ShowToken(IssuedToken token, string? stateFile);

    void ShowWithdrawn();

    /// <summary>Something failed that has nothing to do with the owner's decision.</summary>
    void ShowFailure(string message);
}

/// <summary>For people: the code, a QR code, and how much time is left. It counts down in place on a terminal, and writes plain lines elsewhere.</summary>
internal sealed class TerminalScreen(Arguments arguments) : IScreen, IDisposable
{
    private readonly string _name = arguments["--name"];
    private readonly Lock _lock = new();
    private Timer? _countdown;
    private DevicePairing? _pairing;
    private int _drawn;

    public void ShowCode(DevicePairing pairing, string? stateFile)
    {
        var edge = new string('─', pairing.UserCode.Length + 6);
        Console.WriteLine($"""

            To pair "{_name}", open this link {(pairing.VerificationUri.IsLoopback ? "in a browser on this machine" : "on your phone")}

                {pairing.VerificationUri.AbsoluteUri}

            and enter this code

                ┌{edge}┐
                │   {pairing.UserCode}   │
                └{edge}┘
            """);
        if (arguments.Has("--copy") && !Console.IsOutputRedirected)
        {
            Console.Write($"\e]52;c;{Convert.ToBase64String(Encoding.UTF8.GetBytes(pairing.UserCode))}\a"); // xterm's "OSC 52"
            Console.WriteLine("\nThe code is in the clipboard, if this terminal allows it.");
        }

        if (pairing.VerificationUriComplete is { } complete)
        {
            var lines = TerminalQrCode.Draw(complete.AbsoluteUri).Split('\n');
            var fits = Console.IsOutputRedirected || Console.WindowWidth is 0 || Console.WindowWidth >= lines[0].Length; // 0: the terminal does not say
            Console.WriteLine($"\nor {(fits ? "scan this" : "open this (the window is too narrow for its QR code)")}, and check that the phone shows the same code\n\n    {complete.AbsoluteUri}\n");
            foreach (var line in fits ? lines : [])
            {
                // The blocks are the light part. On a terminal that is dark on light they would be the dark one, which some phones do not read.
                (Console.BackgroundColor, Console.ForegroundColor) = (ConsoleColor.Black, ConsoleColor.White);
                Console.Write(line);
                Console.ResetColor();
                Console.WriteLine();
            }
        }

        if (stateFile is not null)
        {
            Console.WriteLine($"\nThis pairing is kept in {stateFile}");
        }

        if (arguments.Has("--no-wait"))
        {
            Console.WriteLine($"\nThe code is valid for {Left(pairing)}. Wait for the answer with --resume {stateFile}");
            return;
        }

        _pairing = pairing;
        Console.WriteLine($"\nWaiting for your answer on the phone. The code is valid for {Left(pairing)}.");
        if (!Console.IsOutputRedirected)
        {
            lock (_lock)
            {
                _countdown = new(_ => Redraw(), null, TimeSpan.Zero, TimeSpan.FromSeconds(1));
            }
        }
    }

    public void Show(PairingProgress step)
    {
        if (step is not (PairingProgress.Waiting or PairingProgress.ShowNumber or PairingProgress.Trouble))
        {
            StopCountdown();
        }

        switch (step)
        {
            case PairingProgress.ShowNumber { Number: var number }:
                Write($"\nCompare: {number}");
                break;
            case PairingProgress.Trouble { Reason: var reason, RetryIn: var retryIn }:
                Write($"No usable answer from the server ({reason}). The next try is in {retryIn.TotalSeconds:0} seconds.", Console.Error);
                break;
            case PairingProgress.Denied:
                Write("Denied on the phone.", Console.Error);
                break;
            case PairingProgress.Expired:
                Write("The code has expired. Start again for a new one.", Console.Error);
                break;
            case PairingProgress.Refused { Error: "invalid_grant" }:
                Write("The server does not know this code any more. Start again for a new one.", Console.Error);
                break;
            case PairingProgress.Refused { Error: var error, Description: var description }:
                Write($"The server refused: {error}. {description}".TrimEnd(), Console.Error);
                break;
            default:
                break; // the countdown is enough
        }
    }

    public void ShowToken(IssuedToken token, string? stateFile) =>
        Write($"Connected as {_name}{(token.DeviceId is { } id ? $" ({id})" : "")}. Granted: {token.Scope ?? "what the server allows by default"}");

    public void ShowWithdrawn()
    {
        StopCountdown();
        Write("Given up. The code is not valid any more, if the server allows to withdraw it.", Console.Error);
    }

    public void ShowFailure(string message)
    {
        StopCountdown();
        Write(message, Console.Error);
    }

    public void Dispose() => StopCountdown();

    private void StopCountdown()
    {
        lock (_lock)
        {
            _countdown?.Dispose();
            _countdown = null;
        }
    }

    private static string Left(DevicePairing pairing) => pairing.TimeLeft.ToString(@"m\:ss", null);

    private void Write(string line, TextWriter? to = null)
    {
        lock (_lock)
        {
            Draw("");
            (to ?? Console.Out).WriteLine(line);
        }
    }

    private void Redraw()
    {
        lock (_lock)
        {
            if (_countdown is not null) // its last tick may come late
            {
                Draw($"{Left(_pairing!)} left");
            }
        }
    }

    /// <summary>Replaces what stands in the last line.</summary>
    private void Draw(string text)
    {
        if (_drawn > 0 || text.Length > 0)
        {
            Console.Write($"\r{text.PadRight(_drawn)}{(text.Length == 0 ? "\r" : "")}");
            _drawn = text.Length;
        }
    }
}

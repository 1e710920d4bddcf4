using System.Security.Cryptography;

namespace TvDevice;

/// <summary>What the command line says.</summary>
internal sealed class Arguments
{
    public const string Usage = """
        Plays a television that its owner pairs with a phone (RFC 8628).

        usage: TvDevice <server> [options]        for example: TvDevice http://localhost:5080
          --client-id <id>     the app on the television (tv-device)
          --scope "<a b>"      what to ask for (the server's default)
          --name <name>        what the owner reads on the phone (Living room TV)
          --platform <name>    the kind of device (tv)
          --device-id <id>     how the server knows this television again (random; kept beside --state)
          --api </path>        what to call once paired (/api/library)
          --state <file>       keeps the pairing, then the token, in this file: a restart goes on where it was
          --no-wait            prints the code and the state file, and ends
          --resume <file>      waits for what --no-wait started; server and client id as there
          --copy               puts the code into the terminal's clipboard (OSC 52), if the terminal allows it; writes nothing into a pipe. Not with --json
          --json               prints a line of JSON for each event and calls no API: for programs
          --print-token        with --json: prints the token, too. Without it, read it from the state file
          --romm               speaks RomM's JSON
          --allow-http         allows plain HTTP to another machine, where others can read the token

        Ctrl+C withdraws the pairing. Only the owner of a state file can read it (mode 0600).
        exit codes: 0 paired, or the code is printed (--no-wait), 1 no usable answer, 2 wrong arguments, 3 denied, 4 code expired, 5 refused, 130 interrupted
        """;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal)
    {
        ["--client-id"] = "tv-device",
        ["--scope"] = "",
        ["--name"] = "Living room TV",
        ["--platform"] = "tv",
        ["--device-id"] = "",
        ["--api"] = "/api/library",
        ["--state"] = "",
        ["--resume"] = "",
    };

    private readonly Dictionary<string, bool> _switches = new(StringComparer.Ordinal)
    {
        ["--no-wait"] = false,
        ["--copy"] = false,
        ["--json"] = false,
        ["--print-token"] = false,
        ["--romm"] = false,
        ["--allow-http"] = false,
    };

    private Arguments(Uri server) => Server = server;

    public Uri Server { get; }

    public string this[string name] => _values[name];

    /// <returns>Null if they are wrong.</returns>
    /// <param name="problem">What is wrong, if it can be said in a line.</param>
    public static Arguments? Parse(string[] args, out string? problem)
    {
        problem = null;
        if (!Uri.TryCreate(args.FirstOrDefault(), UriKind.Absolute, out var server) || server.Scheme is not ("http" or "https")) // "localhost:5080" has the scheme "localhost"
        {
            problem = "The first argument must be the address of the server, with http:// or https:// in front.";
            return null;
        }

        var arguments = new Arguments(server);
        for (var i = 1; i < args.Length; i++)
        {
            if (arguments._switches.ContainsKey(args[i]))
            {
                arguments._switches[args[i]] = true;
            }
            else if (arguments._values.ContainsKey(args[i]) && i + 1 < args.Length)
            {
                arguments._values[args[i]] = args[++i];
            }
            else
            {
                problem = arguments._values.ContainsKey(args[i]) ? $"{args[i]} needs a value." : $"There is no option {args[i]}.";
                return null;
            }
        }

        var (noWait, resume) = (arguments.Has("--no-wait"), arguments["--resume"].Length > 0);
        var forPeople = !arguments.Has("--json");
        return (noWait && resume) || (resume && arguments["--state"].Length > 0) || arguments.Has(forPeople ? "--print-token" : "--copy") ? null : arguments;
    }

    public bool Has(string name) => _switches[name];

    /// <summary>The file that keeps the pairing, then the token; null: none.</summary>
    public string? StateFile() => (this["--resume"], this["--state"], Has("--no-wait")) switch
    {
        ({ Length: > 0 } file, _, _) => Path.GetFullPath(file),
        (_, { Length: > 0 } file, _) => Path.GetFullPath(file),
        (_, _, true) => Path.Combine(
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify),
            "TvDevice",
            $"{RandomNumberGenerator.GetHexString(16, lowercase: true)}.json"),
        _ => null,
    };
}

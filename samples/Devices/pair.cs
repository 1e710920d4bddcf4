// Pairs this device (RFC 8628). Usage: pair SERVER TOKEN_FILE
using System.Runtime.InteropServices;
using DeviceAuthorization.Client;

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, key) =>
{
    key.Cancel = true; // the program ends below
    stop.Cancel();
};

using var http = PairingClient.CreateHttpClient();
var client = new PairingClient(http, new()
{
    Server = new Uri(args[0]),
    ClientId = "my-device",
    Scope = "library.read",
    CanShowNumber = true,
    Device = new() { Name = Environment.MachineName, Platform = RuntimeInformation.RuntimeIdentifier, Identifier = Environment.MachineName },
});
DevicePairing? pairing = null;
try
{
    pairing = await client.StartAsync(stop.Token);
    Console.WriteLine($"Open {pairing.VerificationUri} and enter {pairing.UserCode}");
    await foreach (var step in pairing.WatchAsync(stop.Token))
    {
        if (step is PairingProgress.ShowNumber shown)
        {
            Console.WriteLine($"Choose this number on the page: {shown.Number}");
        }
    }

    var token = await pairing.WaitAsync(stop.Token); // or why there is none
    await new FileSecretStore(args[1]).WriteAsync(token.Save()); // only its owner reads it
    Console.WriteLine("Connected.");
    return 0;
}
catch (PairingException e)
{
    Console.Error.WriteLine($"Not paired: {e.Error ?? e.Message}");
}
catch (OperationCanceledException)
{
    await (pairing?.WithdrawAsync() ?? Task.CompletedTask);
    Console.Error.WriteLine("Given up.");
}

return 1;

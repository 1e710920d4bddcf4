using System.Runtime.InteropServices;
using DeviceAuthorization.Benchmarks;

// Measures what a request costs the server and its store. See README.md. Runs itself again as each server.
if (args is [Server.Command, var name, var connection, var pollingInterval])
{
    await Server.RunAsync(name, connection, int.Parse(pollingInterval, System.Globalization.CultureInfo.InvariantCulture));
    return 0;
}

using var stop = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var settings = Settings.Parse(args);
    var report = new Report();
    await new Benchmark(settings, report, stop.Token).RunAsync();
    report.Write(settings);
    return 0;
}
catch (Exception) when (stop.IsCancellationRequested)
{
    await Console.Error.WriteLineAsync("Stopped.");
    return 130;
}
catch (Exception exception)
{
    await Console.Error.WriteLineAsync(exception is FormatException ? exception.Message : exception.ToString());
    return 1;
}

void Stop(PosixSignalContext signal)
{
    signal.Cancel = true; // what was started is ended first
    stop.Cancel();
}

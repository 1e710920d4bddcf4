using DeviceAuthorization.CrashTests;

if (args is [HistoryProcess.Switch, ..])
{
    await HistoryProcess.RunAsync(args);
    return;
}

// This host ends with the tests that started it, even if they crash: they hold the other end of its standard input.
_ = Task.Run(() =>
{
    Console.In.ReadToEnd();
    Environment.Exit(1);
});

await using var host = CrashHost.Build(args);
host.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(CrashHost.Listening + host.Urls.Single()));
await host.RunAsync();

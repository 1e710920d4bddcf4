using DeviceAuthorization.CrashTests;

// Ends with the tests that started it, however they end: they hold the other side of its standard input.
_ = Task.Run(() =>
{
    Console.In.ReadToEnd();
    Environment.Exit(1);
});

await using var host = CrashHost.Build(args);
host.Lifetime.ApplicationStarted.Register(() => Console.WriteLine(CrashHost.Listening + host.Urls.Single()));
await host.RunAsync();

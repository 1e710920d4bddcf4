using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;

namespace DeviceAuthorization.Benchmarks;

/// <summary>Measures held polls: how soon the device has its token after the approval, and what devices cost that only wait.</summary>
internal sealed class Held(Report report, CancellationToken stopped)
{
    private const int Pairings = 300;
    private const int WarmUps = 100;
    private const int Devices = 5_000;

    /// <summary>Shorter than what is left of the holds when all have begun.</summary>
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(8);

    /// <summary>Long enough for each to end once and to be held again: <see cref="DeviceAuthorizationOptions.MaxPollWait"/> is 25 seconds.</summary>
    private static readonly TimeSpan Watched = TimeSpan.FromSeconds(50);

    public async Task RunAsync()
    {
        await using (var store = await StoreServer.StartAsync(Store.None))
        await using (var server = await ServerProcess.StartAsync(Target.Memory, store, pollingInterval: 5, stopped))
        {
            report.AddHeld("one node, memory", await LatenciesAsync(server, server));
        }

        await using (var redis = await StoreServer.StartAsync(Store.Redis))
        await using (var postgres = await StoreServer.StartAsync(Store.Postgres))
        await using (var both = new StoreServer($"{redis.Connection}|{postgres.Connection}", null, () => ValueTask.CompletedTask))
        await using (var one = await ServerProcess.StartAsync(Target.RedisAndPostgres, both, pollingInterval: 5, stopped))
        await using (var two = await ServerProcess.StartAsync(Target.RedisAndPostgres, both, pollingInterval: 5, stopped))
        {
            report.AddHeld("two processes, pairings in Redis, devices in PostgreSQL", await LatenciesAsync(one, two));
        }

        await MeasureIdleAsync("an endpoint that only waits (the floor)", Store.None.ToString(), Store.None);
        foreach (var target in Target.All.Where(target => target.Name is Target.Memory or Target.Redis))
        {
            await MeasureIdleAsync(target.Title, target.Name, target.Store);
        }
    }

    /// <summary>From the moment the approval is sent to one node until the device, whose poll the other holds, has read its token. In milliseconds, sorted.</summary>
    private async Task<double[]> LatenciesAsync(ServerProcess approves, ServerProcess holds)
    {
        using var device = await HttpConnection.OpenAsync(holds.Port, IPAddress.Loopback);
        using var approver = await HttpConnection.OpenAsync(approves.Port, IPAddress.Loopback);
        var times = new List<double>();
        for (var i = 0; i < WarmUps + Pairings; i++)
        {
            stopped.ThrowIfCancellationRequested();
            var (deviceCode, userCode) = await StartAsync(device);
            var poll = device.SendAsync(Wire.Ours.Poll(deviceCode, Wire.Wait)).AsTask();
            await Task.Delay(20, stopped); // until it is held
            var start = Stopwatch.GetTimestamp();
            var approved = approver.SendAsync(Wire.Ours.Approve(userCode, $"user-{i}")).AsTask();
            var answer = await poll;
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            Check(answer, 200);
            Check(await approved, 200);
        }

        return [.. times.Skip(WarmUps).Order()];
    }

    private async Task MeasureIdleAsync(string title, string server, Store kind)
    {
        await using var store = await StoreServer.StartAsync(kind);
        await using var process = await ServerProcess.StartAsync(server, store, pollingInterval: 5, stopped);
        var isFloor = server == Store.None.ToString();
        var (polls, connections, answered) = (new List<Task>(), new List<HttpConnection>(), 0);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stopped);
        try
        {
            var before = await MemoryAsync();
            for (var i = 0; i < Devices; i++)
            {
                var connection = await HttpConnection.OpenAsync(process.Port, new IPAddress([127, 0, (byte)(1 + (i / 200)), (byte)(1 + (i % 200))]));
                connections.Add(connection);
                polls.Add(PollAsync(connection, isFloor ? Wire.Form(Floors.Wait, "key=1") : Wire.Ours.Poll((await StartAsync(connection)).DeviceCode, Wire.Wait)));
            }

            var idle = await CpuAsync(Still);
            var memory = await MemoryAsync();
            await Task.Delay(Watched, stopped); // the runtime optimises what the answers need
            var (start, counted) = (Stopwatch.GetTimestamp(), Volatile.Read(ref answered));
            var all = await CpuAsync(Watched);
            var perSecond = (Volatile.Read(ref answered) - counted) / Stopwatch.GetElapsedTime(start).TotalSeconds;
            report.AddIdle([title, .. new[] { idle, all }.Select(Report.Percent), .. memory.Zip(before, (now, then) => Report.Kilobytes((now - then) / Devices)), Report.Number(perSecond)]);
        }
        finally
        {
            await end.CancelAsync();
            connections.ForEach(connection => connection.Dispose());
            await Task.WhenAll(polls);
        }

        async Task<double> CpuAsync(TimeSpan time)
        {
            var (cpu, start) = (CpuTime.Of(process.ProcessId), Stopwatch.GetTimestamp());
            await Task.Delay(time, stopped);
            return (CpuTime.Of(process.ProcessId) - cpu) / Stopwatch.GetElapsedTime(start);
        }

        async Task<double[]> MemoryAsync() => [await process.BytesOfHeapAsync(), process.ResidentBytes()]; // the first collects what is dead

        async Task PollAsync(HttpConnection connection, byte[] poll)
        {
            try
            {
                while (!end.IsCancellationRequested)
                {
                    Check(await connection.SendAsync(poll), isFloor ? 200 : 400);
                    Interlocked.Increment(ref answered);
                }
            }
            catch (Exception) when (end.IsCancellationRequested)
            {
            }
        }
    }

    private static async Task<(string DeviceCode, string UserCode)> StartAsync(HttpConnection connection)
    {
        var answer = await connection.SendAsync(Wire.Ours.Start());
        Check(answer, 200);
        return (Benchmark.Member(answer.Body.Span, "device_code"), Benchmark.Member(answer.Body.Span, "user_code"));
    }

    private static void Check(Answer answer, int status)
    {
        if (answer.Status != status || (status == 400 && answer.Body.Span.IndexOf("authorization_pending"u8) < 0))
        {
            throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"Expected {status}, got {answer.Status}: {Encoding.ASCII.GetString(answer.Body.Span)}"));
        }
    }
}

using System.Diagnostics;

namespace DeviceAuthorization.CrashTests;

/// <summary>What the process of a host holds, once its garbage is collected.</summary>
internal sealed record Footprint(long Heap, long WorkingSet, int Threads, int Handles)
{
    public const string Path = "/footprint";

    public static Footprint Measure()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        var heap = GC.GetTotalMemory(forceFullCollection: true);
        using var process = Process.GetCurrentProcess();
        return new(heap, process.WorkingSet64, process.Threads.Count, process.HandleCount); // a socket is a handle
    }
}

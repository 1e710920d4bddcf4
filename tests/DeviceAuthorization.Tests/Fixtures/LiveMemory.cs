namespace DeviceAuthorization.Tests;

/// <summary>Measures the memory of everything that is still referenced.</summary>
internal static class LiveMemory
{
    /// <summary>Exact, unlike <see cref="GC.GetTotalMemory"/> with a collection, which stops when the figure changes by less than 5 %.</summary>
    public static long Bytes()
    {
        for (var generation = 0; generation < 3; generation++) // finalizers free what the collection after them removes
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        return GC.GetTotalMemory(forceFullCollection: false);
    }
}

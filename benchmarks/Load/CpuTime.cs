using System.Globalization;

namespace DeviceAuthorization.Benchmarks;

/// <summary>
/// The CPU time of a process and all below it, from /proc. A parent's time includes that of its children that have ended, so nothing is lost when
/// one ends.
/// </summary>
internal static class CpuTime
{
    private const int TicksPerSecond = 100; // what /proc uses on Linux, whatever the kernel was built with

    public static TimeSpan Of(int? root)
    {
        if (root is null)
        {
            return TimeSpan.Zero;
        }

        var all = Directory.EnumerateDirectories("/proc")
            .Select(folder => int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var id) ? Entry.Read(id) : null)
            .OfType<Entry>()
            .ToArray();
        var children = all.ToLookup(entry => entry.Parent);
        return TimeSpan.FromTicks(all.Where(entry => entry.Id == root).Sum(Total));

        long Total(Entry entry) => entry.Used.Ticks + children[entry.Id].Sum(Total);
    }

    private sealed record Entry(int Id, int Parent, TimeSpan Used)
    {
        public static Entry? Read(int id)
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{id}/stat");
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' '); // after the name, which may contain anything: the state, the parent, …
                long Field(int index) => long.Parse(fields[index], CultureInfo.InvariantCulture);

                var own = Field(17) == 1 && Nanoseconds(id) is { } exact ? exact : OfTicks(Field(11) + Field(12));
                return new Entry(id, (int)Field(1), own + OfTicks(Field(13) + Field(14)));
            }
            catch (IOException)
            {
                return null; // it has ended meanwhile
            }
        }

        private static TimeSpan OfTicks(long ticks) => TimeSpan.FromSeconds((double)ticks / TicksPerSecond);

        /// <summary>The time of the first thread, to the nanosecond: 64 processes of PostgreSQL, each to 10 ms, would be too rough.</summary>
        private static TimeSpan? Nanoseconds(int id) =>
            File.Exists($"/proc/{id}/schedstat") ? TimeSpan.FromMicroseconds(double.Parse(File.ReadAllText($"/proc/{id}/schedstat").Split(' ')[0], CultureInfo.InvariantCulture) / 1000) : null;
    }
}

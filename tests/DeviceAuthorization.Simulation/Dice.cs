namespace DeviceAuthorization.Simulation;

/// <summary>All chance of one run. SplitMix64: the same numbers on every machine and in every version of .NET.</summary>
internal sealed class Dice(ulong seed)
{
    private ulong _state = seed;

    public bool Chance(double probability) => Below(1_000_000) < probability * 1_000_000;

    public int Below(int limit)
    {
        _state += 0x9E3779B97F4A7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (int)((mixed ^ (mixed >> 31)) % (ulong)limit);
    }

    public T Pick<T>(params ReadOnlySpan<T> choices) => choices[Below(choices.Length)];

    public TimeSpan Milliseconds(int least, int most) => TimeSpan.FromMilliseconds(least + Below(most - least + 1));

    public TimeSpan Seconds(int least, int most) => Milliseconds(1000 * least, 1000 * most);
}

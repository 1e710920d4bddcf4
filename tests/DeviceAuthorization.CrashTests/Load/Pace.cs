using System.Security.Cryptography;
using System.Text;

namespace DeviceAuthorization.CrashTests;

/// <summary>Random numbers that a seed repeats, in whatever order they are drawn.</summary>
internal sealed class Pace(int seed)
{
    /// <summary>From 0 to 1.</summary>
    public double Draw(string what) => BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes($"{seed}/{what}"))) / (double)uint.MaxValue;

    /// <summary>Lets up to so much time pass: people and devices take their time, and this is what is tested.</summary>
    public Task PauseAsync(string what, TimeSpan longest) => Task.Delay(longest * Draw(what));
}

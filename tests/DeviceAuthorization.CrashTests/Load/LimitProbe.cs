using System.Diagnostics;

namespace DeviceAuthorization.CrashTests;

/// <summary>Tries the same thing ten times a second. However the hosts come and go, no more tries may pass in a window than the limit.</summary>
internal sealed class LimitProbe(string what, int limit, TimeSpan window, Func<Task<bool?>> tries)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly List<(long Sent, long Answered)> _passed = [];

    public int Refused { get; private set; }

    /// <summary>Tries until the soak is over, and at least until it is refused.</summary>
    public async Task TryAsync(CancellationToken over)
    {
        while (!over.IsCancellationRequested || Refused == 0)
        {
            var sent = Stopwatch.GetTimestamp();
            switch (await tries())
            {
                case true:
                    _passed.Add((sent, Stopwatch.GetTimestamp()));
                    break;
                case false:
                    Refused++;
                    break;
                case null:
                    break; // no answer: it may have passed
            }

            await Task.Delay(Pause, CancellationToken.None); // not to wait for something: this is its pace
        }
    }

    public void AssertHeld()
    {
        Assert.NotEmpty(_passed);
        for (var first = 0; first + limit < _passed.Count; first++)
        {
            Assert.InRange(Stopwatch.GetElapsedTime(_passed[first].Sent, _passed[first + limit].Answered), window, TimeSpan.MaxValue);
        }
    }

    public override string ToString() => $"{what}: {_passed.Count} passed, {Refused} refused";
}

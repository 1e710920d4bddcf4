namespace DeviceAuthorization.Storage;

/// <summary>
/// Pairings by the second in which they expire, rounded up. To add one, to remove one and to find the first costs the same at any number: only
/// the seconds are sorted, of which a lifetime has few. Not safe for concurrent use.
/// </summary>
internal sealed class ExpiryOrder
{
    private readonly SortedList<long, Second> _seconds = [];

    /// <summary>Those of one second, each linked with the next. The links are in the pairings, which costs no object for each.</summary>
    internal sealed class Second(ExpiryOrder order, long number)
    {
        public ExpiryOrder Order => order;

        public long Number => number;

        public StoredPairing? First { get; set; }

        public StoredPairing? Last { get; set; }
    }

    public int Count { get; private set; }

    public StoredPairing? First => _seconds.Count == 0 ? null : _seconds.GetValueAtIndex(0).First;

    /// <summary>The first if its second has come; null if nothing is due.</summary>
    public StoredPairing? FirstDue(DateTimeOffset now) =>
        _seconds.Count > 0 && _seconds.GetKeyAtIndex(0) * TimeSpan.TicksPerSecond <= now.UtcTicks ? First : null;

    /// <summary>Those that may have expired before a time: all that have, and others that expire in the same second.</summary>
    public IEnumerable<StoredPairing> Around(DateTimeOffset before)
    {
        var last = RoundUp(before);
        for (var i = 0; i < _seconds.Count && _seconds.GetKeyAtIndex(i) <= last; i++)
        {
            for (var pairing = _seconds.GetValueAtIndex(i).First; pairing is not null; pairing = pairing.Next)
            {
                yield return pairing;
            }
        }
    }

    public void Add(StoredPairing pairing, DateTimeOffset expiresAt)
    {
        var number = RoundUp(expiresAt);
        if (!_seconds.TryGetValue(number, out var second))
        {
            _seconds.Add(number, second = new Second(this, number));
        }

        (pairing.Second, pairing.Previous) = (second, second.Last);
        if (second.Last is { } last)
        {
            last.Next = pairing;
        }
        else
        {
            second.First = pairing;
        }

        second.Last = pairing;
        Count++;
    }

    /// <summary>Removes a pairing that is in this order.</summary>
    public void Remove(StoredPairing pairing)
    {
        var (second, previous, next) = (pairing.Second!, pairing.Previous, pairing.Next);
        (pairing.Second, pairing.Previous, pairing.Next) = (null, null, null);
        if (previous is null)
        {
            second.First = next;
        }
        else
        {
            previous.Next = next;
        }

        if (next is null)
        {
            second.Last = previous;
        }
        else
        {
            next.Previous = previous;
        }

        if (second.First is null)
        {
            _seconds.Remove(second.Number);
        }

        Count--;
    }

    private static long RoundUp(DateTimeOffset time) => (time.UtcTicks + TimeSpan.TicksPerSecond - 1) / TimeSpan.TicksPerSecond;
}

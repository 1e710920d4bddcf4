namespace DeviceAuthorization;

/// <summary>
/// Hears what happened: to tell an owner, to keep an audit, to raise an alarm. Register any number with
/// <c>services.AddScoped&lt;IPairingEvents, …&gt;()</c>.
/// </summary>
public interface IPairingEvents
{
    /// <summary>
    /// Something has happened: one call for each effect, however many requests raced or were repeated for it. The request that brought it about
    /// waits, so hand on what takes long. An exception is logged and changes nothing. A host that dies at this moment may never make the call:
    /// the stores are the record, this is the news.
    /// </summary>
    /// <param name="happened">What.</param>
    ValueTask OnAsync(PairingEvent happened);
}

namespace DeviceAuthorization;

/// <summary>
/// Receives the events of pairings, tokens and devices: to notify an owner, to keep an audit log, to raise an alarm. Register any number with
/// <c>services.AddScoped&lt;IPairingEvents, …&gt;()</c>.
/// </summary>
public interface IPairingEvents
{
    /// <summary>
    /// Called once for each effect, even if requests race or are repeated. The request waits for this call, so queue slow work. An exception is
    /// logged and changes nothing. If the host crashes at this moment, the call may never happen: only the stores are a reliable record.
    /// </summary>
    ValueTask OnAsync(PairingEvent happened);
}

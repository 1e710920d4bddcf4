using Microsoft.AspNetCore.Authentication;

namespace DeviceAuthorization;

/// <summary>Settings of the bearer authentication of paired devices.</summary>
public sealed class DeviceTokenOptions : AuthenticationSchemeOptions
{
    /// <summary>The <c>realm</c> of challenges (RFC 6750 §3): printable ASCII without quotes and backslashes.</summary>
    /// <value><c>DeviceAuthorization</c> by default.</value>
    public string Realm { get; set; } = "DeviceAuthorization";

    /// <inheritdoc/>
    public override void Validate()
    {
        base.Validate();
        if (string.IsNullOrEmpty(Realm) || Realm.Any(c => c is < ' ' or > '~' or '"' or '\\'))
        {
            throw new InvalidOperationException("DeviceTokenOptions.Realm must be printable ASCII without quotes and backslashes.");
        }
    }
}

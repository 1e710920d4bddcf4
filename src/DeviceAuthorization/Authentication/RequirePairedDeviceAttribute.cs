using DeviceAuthorization.Authentication;
using Microsoft.AspNetCore.Authorization;

namespace DeviceAuthorization;

/// <summary>
/// Requires a paired device, with any scopes, on an MVC controller or action, a Razor page, or a SignalR hub: 401 without a valid token, 403
/// <c>insufficient_scope</c> for a token without a device. A plain <see cref="PairedDevice"/> parameter of an action requires the same.
/// </summary>
public sealed class RequirePairedDeviceAttribute() : AuthorizeAttribute(PairedDeviceRequirement.PolicyName);

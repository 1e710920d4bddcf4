using System.Runtime.InteropServices;

namespace DeviceAuthorization;

/// <summary>What a user lost by being signed out everywhere.</summary>
/// <param name="Tokens">How many tokens were revoked, with and without a device. Includes expired ones that nobody had revoked.</param>
/// <param name="Devices">How many devices were removed.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SignOutResult(int Tokens, int Devices);

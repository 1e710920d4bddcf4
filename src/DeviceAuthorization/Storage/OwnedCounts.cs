using System.Runtime.InteropServices;

namespace DeviceAuthorization.Storage;

/// <summary>How much a user has.</summary>
/// <param name="Devices">The user's devices.</param>
/// <param name="LiveTokens">The user's tokens that are neither revoked nor expired, with and without a device.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct OwnedCounts(int Devices, int LiveTokens)
{
    /// <summary>How often <see cref="IDeviceRepository.SignOutAsync"/> ran for the user. Never falls.</summary>
    public long SignOuts { get; init; }
}

namespace DeviceAuthorization.Rules;

/// <summary>Why an approver's step on a <see cref="Pairing"/> was refused.</summary>
internal enum DecisionError
{
    /// <summary>
    /// Expired, or in another user's hands. The approver is told nothing that distinguishes this from a code that never
    /// existed (RFC 8628 §5.1).
    /// </summary>
    NotFound,

    /// <summary>This approver has decided already; <see cref="Pairing.Status"/> says what.</summary>
    AlreadyDecided,
}

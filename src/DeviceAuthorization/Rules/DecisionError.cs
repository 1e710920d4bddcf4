namespace DeviceAuthorization.Rules;

/// <summary>Why an approver's step on a <see cref="Pairing"/> was refused.</summary>
internal enum DecisionError
{
    /// <summary>
    /// The pairing expired, or another user holds it. The approver must not learn that this is not an unknown code (RFC 8628 §5.1).
    /// </summary>
    NotFound,

    /// <summary>This approver has already decided; <see cref="Pairing.Status"/> says what.</summary>
    AlreadyDecided,
}

namespace DeviceAuthorization;

/// <summary>Why an approval is risky (<see cref="ApproverResult.Review.Reasons"/>).</summary>
public enum RiskReason
{
    /// <summary>The host finds it risky (<see cref="IPairingPolicy.AssessAsync"/>).</summary>
    Policy,

    /// <summary>
    /// Another user entered the code before, or its network seems to run a campaign (<see cref="PairingEvent.CodeShared"/>,
    /// <see cref="PairingEvent.CampaignSuspected"/>).
    /// </summary>
    Suspected,

    /// <summary>The device is in another network, and claims to be a device of the approver: approving takes that one's access away.</summary>
    ReplacesDevice,

    /// <summary>The device asked from another network than the approver's.</summary>
    OtherNetwork,

    /// <summary>The addresses do not show whether the device is in the approver's network.</summary>
    UnknownNetwork,

    /// <summary>The approver followed a link, perhaps one that somebody sent, and the device could change things.</summary>
    Link,
}

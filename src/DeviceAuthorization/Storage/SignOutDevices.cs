namespace DeviceAuthorization;

/// <summary>What becomes of a user's devices when the user is signed out everywhere.</summary>
public enum SignOutDevices
{
    /// <summary>They stay in the user's list, without access. They can pair again, and then keep their name and settings.</summary>
    Keep,

    /// <summary>They are removed, with their settings. If they pair again, they are new.</summary>
    Remove,
}

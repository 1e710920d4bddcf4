namespace DeviceAuthorization.Storage;

/// <summary>What became of a new pairing.</summary>
public enum PairingAddition
{
    /// <summary>It is stored.</summary>
    Added,

    /// <summary>One of its codes is in use: make new ones and try again.</summary>
    CodeTaken,

    /// <summary>The store holds as many live pairings as it may.</summary>
    Full,

    /// <summary>The store has room, but not for the network that the pairing comes from: that holds as many live pairings as one network may.</summary>
    NetworkFull,
}

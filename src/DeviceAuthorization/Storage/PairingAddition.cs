namespace DeviceAuthorization.Storage;

/// <summary>The result of adding a pairing.</summary>
public enum PairingAddition
{
    /// <summary>The pairing is stored.</summary>
    Added,

    /// <summary>One of its codes is in use: make new ones and try again.</summary>
    CodeTaken,

    /// <summary>The store holds as many live pairings as it may.</summary>
    Full,

    /// <summary>The network that the pairing comes from holds as many live pairings as one network may. The store has room for others.</summary>
    NetworkFull,
}

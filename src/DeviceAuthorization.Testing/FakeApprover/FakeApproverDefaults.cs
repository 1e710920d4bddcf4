namespace DeviceAuthorization.Testing;

/// <summary>The names of the sign-in for tests.</summary>
public static class FakeApproverDefaults
{
    /// <summary>The scheme that <c>AddFakeApprover()</c> adds.</summary>
    public const string AuthenticationScheme = "FakeApprover";

    /// <summary>The request header that holds the id of the user who is signed in.</summary>
    public const string UserHeader = "X-Fake-Approver";

    /// <summary>The request header that limits the sign-in to some scopes, separated by blanks. Without it there is no limit.</summary>
    public const string ScopesHeader = "X-Fake-Approver-Scopes";
}

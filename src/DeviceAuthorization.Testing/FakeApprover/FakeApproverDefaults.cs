namespace DeviceAuthorization.Testing;

/// <summary>Names of the sign-in that believes a header.</summary>
public static class FakeApproverDefaults
{
    /// <summary>The scheme that <c>AddFakeApprover()</c> adds.</summary>
    public const string AuthenticationScheme = "FakeApprover";

    /// <summary>The request header that holds the id of the user who is signed in.</summary>
    public const string UserHeader = "X-Fake-Approver";

    /// <summary>The request header that limits the sign-in to some scopes, separated by blanks; without it nothing is limited.</summary>
    public const string ScopesHeader = "X-Fake-Approver-Scopes";
}

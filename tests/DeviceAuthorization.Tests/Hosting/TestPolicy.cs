namespace DeviceAuthorization.Tests;

/// <summary>A host's accounts: which are locked, and which rights they lack, and how risky approvals are. May change at any time.</summary>
internal sealed class TestPolicy : IPairingPolicy
{
    public HashSet<string> Locked { get; } = [];

    public HashSet<(string User, string Scope)> Lacking { get; } = [];

    public ApprovalRisk Risk { get; set; }

    public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(Risk);

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(!Locked.Contains(userId));

    public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(scopes.Where(scope => !Lacking.Contains((userId, scope))));
}

using System.Security.Claims;

namespace DeviceAuthorization.Tests;

/// <summary>A policy that the test controls: locked accounts, missing rights, and the risk of approvals. It may change at any time.</summary>
internal sealed class TestPolicy : IPairingPolicy
{
    public HashSet<string> Locked { get; } = [];

    public HashSet<(string User, string Scope)> Lacking { get; } = [];

    public ApprovalRisk Risk { get; set; }

    /// <summary>The stamp of every account; null for none.</summary>
    public string? Stamp { get; set; }

    /// <summary>Whether the sign-ins of people still count.</summary>
    public bool AcceptsSignIns { get; set; } = true;

    public ValueTask<string?> GetStampAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(Stamp);

    public ValueTask<bool> AcceptsSignInAsync(ClaimsPrincipal person, CancellationToken cancellationToken) => ValueTask.FromResult(AcceptsSignIns);

    public ValueTask<ApprovalRisk> AssessAsync(Pairing pairing, Approver approver, CancellationToken cancellationToken) => ValueTask.FromResult(Risk);

    public ValueTask<bool> IsActiveAsync(string userId, CancellationToken cancellationToken) => ValueTask.FromResult(!Locked.Contains(userId));

    public ValueTask<IEnumerable<string>> FilterScopesAsync(string userId, IReadOnlyList<string> scopes, CancellationToken cancellationToken) =>
        ValueTask.FromResult(scopes.Where(scope => !Lacking.Contains((userId, scope))));
}

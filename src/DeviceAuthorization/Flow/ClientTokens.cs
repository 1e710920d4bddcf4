using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>What people do with their tokens, by the API or on the page: make one that is bound to no device, and take from one.</summary>
internal sealed class ClientTokens(
    IDeviceRepository repository,
    DeviceRegistry registry,
    IPairingPolicy policy,
    EventReporter events,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    private const int LongestName = 255;

    /// <summary>Makes a token. The answer is the only place that it is ever in.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="held">The scopes of the credential; null for all that the account has.</param>
    /// <param name="wish">A name and scopes are required.</param>
    /// <param name="cancellationToken">Stops the call. A token that was made stays.</param>
    public async Task<TokenResult> MakeAsync(string userId, IReadOnlyCollection<string>? held, TokenWish wish, CancellationToken cancellationToken)
    {
        if (Read(wish with { Name = wish.Name ?? "", Scopes = wish.Scopes ?? [] }, out var name, out var scopes, out var lifetime) is { } problem)
        {
            return new TokenResult.Refused(problem);
        }

        if (await BeyondAsync(userId, held, scopes!, cancellationToken).ConfigureAwait(false) is { } beyond)
        {
            return beyond;
        }

        var (raw, now) = (DeviceToken.New(options.Value.TokenPrefix), clock.Now());
        var token = new IssuedToken
        {
            Id = Guid.NewGuid(),
            UserId = userId,
            Hash = raw.Hash(),
            Name = name!,
            Scopes = scopes!,
            CreatedAt = now,
            ExpiresAt = ExpiryOf(lifetime ?? options.Value.TokenLifetime, now),
        };
        var conditions = new TokenIssueConditions(now, options.Value.MaxTokensPerUser, ReplacesEarlier: false);
        if ((await repository.TryIssueTokenAsync(token, conditions, cancellationToken).ConfigureAwait(false)).Token is not { } issued)
        {
            return new TokenResult.Refused(TokenProblem.Limit);
        }

        await events.ReportAsync(new PairingEvent.TokenMade(issued)).ConfigureAwait(false);
        return new TokenResult.Done(issued, raw);
    }

    /// <summary>
    /// Gives a token a new secret; the old one is refused at once. Name, scopes, device and expiry stay. The secret gives all that
    /// the token may do, so renewing takes the same rights as making.
    /// </summary>
    /// <param name="userId">Whose.</param>
    /// <param name="held">The scopes of the credential; null for all that the account has.</param>
    /// <param name="id">Which token.</param>
    /// <param name="cancellationToken">Stops the call. A secret that was replaced is gone.</param>
    public async Task<TokenResult> RenewAsync(string userId, IReadOnlyCollection<string>? held, Guid id, CancellationToken cancellationToken)
    {
        var tokens = await repository.ListTokensAsync(userId, cancellationToken).ConfigureAwait(false);
        if (tokens.FirstOrDefault(token => token.Id == id) is not { } stored)
        {
            return new TokenResult.Refused(TokenProblem.Gone);
        }

        if (await BeyondAsync(userId, held, stored.Scopes, cancellationToken).ConfigureAwait(false) is { } beyond)
        {
            return beyond;
        }

        var raw = DeviceToken.New(options.Value.TokenPrefix);
        var renewed = await registry.ChangeTokenAsync( // a change since the check can only have narrowed it
            userId, id, token => token with { Hash = raw.Hash(), LastUsedAt = null }, cancellationToken).ConfigureAwait(false);
        if (renewed is null)
        {
            return new TokenResult.Refused(TokenProblem.Gone);
        }

        await events.ReportAsync(new PairingEvent.TokenRenewed(renewed)).ConfigureAwait(false);
        return new TokenResult.Done(renewed, raw);
    }

    /// <summary>Renames a live token, takes scopes away, or lets it end sooner: whatever uses it goes on.</summary>
    /// <param name="userId">Whose.</param>
    /// <param name="id">Which token.</param>
    /// <param name="wish">What is null stays.</param>
    /// <param name="cancellationToken">Stops the call.</param>
    public async Task<TokenResult> ChangeAsync(string userId, Guid id, TokenWish wish, CancellationToken cancellationToken)
    {
        if (Read(wish, out var name, out var scopes, out var lifetime) is { } problem)
        {
            return new TokenResult.Refused(problem);
        }

        var (widens, before) = (false, (IssuedToken?)null);
        var changed = await registry.ChangeTokenAsync(
            userId,
            id,
            token =>
            {
                var expiresAt = lifetime is null ? token.ExpiresAt : ExpiryOf(lifetime.Value, clock.Now());
                widens = (scopes?.Except(token.Scopes, StringComparer.Ordinal).Any() ?? false)
                    || (lifetime is not null && token.ExpiresAt is { } today && !(expiresAt <= today));
                before = token;
                return widens ? token : token with
                {
                    Name = name ?? token.Name,
                    Scopes = scopes is null || scopes.SequenceEqual(token.Scopes, StringComparer.Ordinal) ? token.Scopes : scopes,
                    ExpiresAt = expiresAt,
                };
            },
            cancellationToken).ConfigureAwait(false);
        if (widens || changed is null)
        {
            return new TokenResult.Refused(widens ? TokenProblem.Widens : TokenProblem.Gone);
        }

        if (changed.Version != before!.Version)
        {
            await events.ReportAsync(new PairingEvent.TokenChanged(changed, before)).ConfigureAwait(false);
        }

        return new TokenResult.Done(changed);
    }

    /// <summary>The refusal when the account or the credential lacks some of these scopes; null when they have them all.</summary>
    private async ValueTask<TokenResult.Refused?> BeyondAsync(
        string userId, IReadOnlyCollection<string>? held, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var has = await policy.ScopesNowAsync(userId, scopes, cancellationToken).ConfigureAwait(false) ?? [];
        var known = has.Where(scope => options.Value.Scopes.ContainsKey(scope) && (held?.Contains(scope, StringComparer.Ordinal) ?? true));
        var beyond = scopes.Except(known, StringComparer.Ordinal).ToArray();
        return beyond.Length > 0 ? new TokenResult.Refused(TokenProblem.Beyond) { Scopes = beyond } : null;
    }

    private TokenProblem? Read(TokenWish wish, out string? name, out IReadOnlyList<string>? scopes, out TimeSpan? lifetime)
    {
        (scopes, lifetime) = (wish.Scopes is null ? null : [.. wish.Scopes.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], null);
        if (!ReportedText.TryClean(wish.Name, LongestName, out name) || (wish.Name is not null && name is null))
        {
            return TokenProblem.Name;
        }

        if (wish.Scopes is not (null or { Count: > 0 and <= ScopeParameter.MaxScopes }) || wish.Scopes?.All(ScopeParameter.IsToken) is false)
        {
            return TokenProblem.Scopes;
        }

        return TokenLifetimes.TryParse(options.Value, wish.ExpiresIn, out lifetime) ? null : TokenProblem.Lifetime;
    }

    private static DateTimeOffset? ExpiryOf(TimeSpan lifetime, DateTimeOffset now) => lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime;
}

/// <summary>What somebody wants of a token, as sent.</summary>
/// <param name="Name">The name people see.</param>
/// <param name="Scopes">What it may do.</param>
/// <param name="ExpiresIn">One of the host's words for a lifetime.</param>
internal sealed record TokenWish(string? Name, IReadOnlyList<string?>? Scopes, string? ExpiresIn = null);

/// <summary>What became of it.</summary>
internal abstract record TokenResult
{
    private TokenResult()
    {
    }

    /// <summary>The token as it is now, and, when it is new, the secret itself.</summary>
    public sealed record Done(IssuedToken Token, DeviceToken? Raw = null) : TokenResult;

    /// <summary>Nothing was made or changed.</summary>
    public sealed record Refused(TokenProblem Problem) : TokenResult
    {
        /// <summary>Those that are <see cref="TokenProblem.Beyond"/>.</summary>
        public IReadOnlyList<string> Scopes { get; init; } = [];
    }
}

/// <summary>Why a token was not made or changed.</summary>
internal enum TokenProblem
{
    /// <summary>There is no name, or it is too long or cannot be shown.</summary>
    Name,

    /// <summary>There are no scopes, or too many, or what is named is none.</summary>
    Scopes,

    /// <summary>It is no choice of the host's.</summary>
    Lifetime,

    /// <summary>The account, or the credential, does not have all of these scopes.</summary>
    Beyond,

    /// <summary>The user has as many tokens as allowed.</summary>
    Limit,

    /// <summary>The token would get a scope, or live longer.</summary>
    Widens,

    /// <summary>There is no such token of this user, or it is revoked.</summary>
    Gone,
}

using System.ComponentModel;
using System.Text.Json.Serialization;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Flow;

/// <summary>What people do with their access tokens, by the API or on the page: make one that is bound to no device, renew one, narrow one.</summary>
internal sealed class AccessTokens(
    WatchedDeviceRepository repository,
    DeviceRegistry registry,
    WatchedPolicy policy,
    EventReporter events,
    IOptions<DeviceAuthorizationOptions> options,
    TimeProvider clock)
{
    private const int LongestName = 255;

    /// <summary>Makes a token. Only the result contains its secret.</summary>
    /// <param name="userId">The user who makes it.</param>
    /// <param name="held">The scopes of the user's credential; null for all that the account has.</param>
    /// <param name="wanted">The name and the scopes are required.</param>
    /// <param name="cancellationToken">A token that was made stays.</param>
    public async Task<TokenResult> MakeAsync(string userId, IReadOnlyCollection<string>? held, TokenProperties wanted, CancellationToken cancellationToken)
    {
        if (Read(wanted with { Name = wanted.Name ?? "", Scopes = wanted.Scopes ?? [] }, out var name, out var scopes, out var lifetime) is { } problem)
        {
            return new TokenResult.Refused(problem);
        }

        if (await BeyondAsync(userId, held, scopes!, cancellationToken).ConfigureAwait(false) is { } beyond)
        {
            return beyond;
        }

        var (raw, now) = (DeviceToken.New(options.Value.TokenPrefix), clock.Now());
        var token = new AccessToken
        {
            Id = Guid.NewGuid(),
            UserId = userId,
            Hash = raw.Hash(),
            Name = name!,
            Scopes = scopes!,
            CreatedAt = now,
            ExpiresAt = ExpiryOf(lifetime ?? options.Value.TokenLifetime, now),
            AccountStamp = await policy.HashedStampAsync(userId, cancellationToken).ConfigureAwait(false),
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
    /// Gives a token a new secret. The old one is refused at once. Name, scopes, device and expiry stay. The new secret gives all that the token
    /// may do, so renewing needs the same rights as making.
    /// </summary>
    /// <param name="userId">The owner.</param>
    /// <param name="held">The scopes of the owner's credential; null for all that the account has.</param>
    /// <param name="id">The token.</param>
    /// <param name="cancellationToken">A secret that was replaced does not return.</param>
    public async Task<TokenResult> RenewAsync(string userId, IReadOnlyCollection<string>? held, Guid id, CancellationToken cancellationToken)
    {
        var tokens = await registry.ListTokensAsync(userId, cancellationToken).ConfigureAwait(false);
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

        await events.ReportAsync(new PairingEvent.TokenRenewed(renewed), [renewed]).ConfigureAwait(false);
        return new TokenResult.Done(renewed, raw);
    }

    /// <summary>Renames a live token, removes scopes from it, or lets it expire sooner. Its secret stays.</summary>
    /// <param name="userId">The owner.</param>
    /// <param name="id">The token.</param>
    /// <param name="wanted">The changes. A member that is null changes nothing.</param>
    /// <param name="cancellationToken">A change that was written stays.</param>
    public async Task<TokenResult> ChangeAsync(string userId, Guid id, TokenProperties wanted, CancellationToken cancellationToken)
    {
        if (Read(wanted, out var name, out var scopes, out var lifetime) is { } problem)
        {
            return new TokenResult.Refused(problem);
        }

        var (widens, before) = (false, (AccessToken?)null);
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

    /// <summary>A refusal if the account or the credential lacks some of these scopes; null if both have them all.</summary>
    private async ValueTask<TokenResult.Refused?> BeyondAsync(
        string userId, IReadOnlyCollection<string>? held, IReadOnlyList<string> scopes, CancellationToken cancellationToken)
    {
        var has = await policy.ScopesNowAsync(userId, scopes, cancellationToken).ConfigureAwait(false) ?? [];
        var known = has.Where(scope => options.Value.Scopes.ContainsKey(scope) && (held?.Contains(scope, StringComparer.Ordinal) ?? true));
        var beyond = scopes.Except(known, StringComparer.Ordinal).ToArray();
        return beyond.Length > 0 ? new TokenResult.Refused(TokenProblem.Beyond) { Scopes = beyond } : null;
    }

    private TokenProblem? Read(TokenProperties wanted, out string? name, out IReadOnlyList<string>? scopes, out TimeSpan? lifetime)
    {
        (scopes, lifetime) = (wanted.Scopes is null ? null : [.. wanted.Scopes.OfType<string>().Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)], null);
        if (!ReportedText.TryClean(wanted.Name, LongestName, out name) || (wanted.Name is not null && name is null))
        {
            return TokenProblem.Name;
        }

        if (wanted.Scopes is not (null or { Count: > 0 and <= ScopeParameter.MaxScopes }) || wanted.Scopes?.All(ScopeParameter.IsToken) is false)
        {
            return TokenProblem.Scopes;
        }

        return TokenLifetimes.TryParse(options.Value, wanted.ExpiresIn, out lifetime) ? null : TokenProblem.Lifetime;
    }

    private static DateTimeOffset? ExpiryOf(TimeSpan lifetime, DateTimeOffset now) => lifetime == Timeout.InfiniteTimeSpan ? null : now + lifetime;
}

/// <summary>What a person wants a token to be, as sent.</summary>
internal sealed record TokenProperties(
    [property: JsonPropertyName("name"), Description("The name that people see. Required to make a token.")] string? Name = null,
    [property: JsonPropertyName("scopes"), Description("What the token may do, at least one scope. Required to make a token.")] IReadOnlyList<string?>? Scopes = null,
    [property: JsonPropertyName("expires_in"), Description("One of the host's named lifetimes, such as 90d.")] string? ExpiresIn = null);

/// <summary>The result of an action on a token.</summary>
internal abstract record TokenResult
{
    private TokenResult()
    {
    }

    /// <summary>The token after the action. <paramref name="Raw"/> is its secret, if that is new.</summary>
    public sealed record Done(AccessToken Token, DeviceToken? Raw = null) : TokenResult;

    /// <summary>The action changed nothing.</summary>
    public sealed record Refused(TokenProblem Problem) : TokenResult
    {
        /// <summary>For <see cref="TokenProblem.Beyond"/>: the scopes that are missing.</summary>
        public IReadOnlyList<string> Scopes { get; init; } = [];
    }
}

/// <summary>Why a token was not made or changed.</summary>
internal enum TokenProblem
{
    /// <summary>The name is missing, too long, or not printable.</summary>
    Name,

    /// <summary>No scopes are named, or too many, or one is malformed.</summary>
    Scopes,

    /// <summary>The host has no such lifetime.</summary>
    Lifetime,

    /// <summary>The account, or the credential, lacks some of the scopes.</summary>
    Beyond,

    /// <summary>The user has reached the limit of tokens.</summary>
    Limit,

    /// <summary>The token would gain a scope, or live longer.</summary>
    Widens,

    /// <summary>The user has no such token, or it is revoked.</summary>
    Gone,
}

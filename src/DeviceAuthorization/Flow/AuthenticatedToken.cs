namespace DeviceAuthorization;

/// <summary>A live access token, as <see cref="DeviceAccess.AuthenticateTokenAsync"/> found it. Not the token itself.</summary>
public sealed record AuthenticatedToken
{
    internal AuthenticatedToken(AccessToken record, Device? device, IReadOnlyList<string> scopes) => (Record, Device, Scopes) = (record, device, scopes);

    /// <summary>The id of the token, as in <see cref="AccessToken.Id"/>.</summary>
    public Guid Id => Record.Id;

    /// <summary>The user it acts for.</summary>
    public string UserId => Record.UserId;

    /// <summary>The device it is bound to; <see langword="null"/> for a token that its user made by hand.</summary>
    public Device? Device { get; }

    /// <summary>The scopes of the token that its user still has.</summary>
    public IReadOnlyList<string> Scopes { get; }

    /// <summary>From this moment on it is refused; <see langword="null"/> if it never expires.</summary>
    public DateTimeOffset? ExpiresAt => Record.ExpiresAt;

    internal AccessToken Record { get; }
}

using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.BearerToken;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Authentication;

/// <summary>
/// Records in ASP.NET Core's own bearer tokens (<c>MapIdentityApi</c>) when their owner signed in. Identity adds the claim <c>amr</c> (RFC 8176) to the token
/// of a password or a second factor, but not to one of <c>/refresh</c>, which is no sign-in.
/// </summary>
internal sealed class BearerSignInStamp(TimeProvider clock) : IPostConfigureOptions<BearerTokenOptions>
{
    public void PostConfigure(string? name, BearerTokenOptions options) => options.BearerTokenProtector = new Stamped(options.BearerTokenProtector, clock);

    private sealed class Stamped(ISecureDataFormat<AuthenticationTicket> inner, TimeProvider clock) : ISecureDataFormat<AuthenticationTicket>
    {
        public string Protect(AuthenticationTicket data) => inner.Protect(Stamp(data));

        public string Protect(AuthenticationTicket data, string? purpose) => inner.Protect(Stamp(data), purpose);

        public AuthenticationTicket? Unprotect(string? protectedText) => inner.Unprotect(protectedText);

        public AuthenticationTicket? Unprotect(string? protectedText, string? purpose) => inner.Unprotect(protectedText, purpose);

        private AuthenticationTicket Stamp(AuthenticationTicket ticket)
        {
            SignInStamp.Write(ticket.Properties, ticket.Principal.HasClaim(claim => claim.Type == "amr") ? clock.GetUtcNow() : null);
            return ticket;
        }
    }
}

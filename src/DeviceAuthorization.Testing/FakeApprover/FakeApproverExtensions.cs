using DeviceAuthorization.Testing;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Hosting;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a sign-in for tests.</summary>
public static class FakeApproverExtensions
{
    private static readonly string[] Environments = ["Development", "Test", "Testing"];

    /// <summary>
    /// Adds a sign-in that trusts the header <see cref="FakeApproverDefaults.UserHeader"/>: any caller can be any user. The host therefore starts only
    /// if its environment is Development, Test or Testing.
    /// </summary>
    /// <param name="builder">The host's authentication. Make the scheme its default, or set <c>DeviceAuthorization:ApproverScheme</c> to it.</param>
    /// <param name="scheme">The name of the scheme.</param>
    public static AuthenticationBuilder AddFakeApprover(this AuthenticationBuilder builder, string scheme = FakeApproverDefaults.AuthenticationScheme)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddScheme<AuthenticationSchemeOptions, FakeApproverHandler>(scheme, null);
        builder.Services.AddOptions<AuthenticationSchemeOptions>(scheme)
            .Validate<IHostEnvironment>(
                (_, environment) => Environments.Contains(environment.EnvironmentName, StringComparer.OrdinalIgnoreCase),
                "AddFakeApprover() trusts any caller. It is for the environments Development, Test and Testing only: remove it from this host.")
            .ValidateOnStart();
        return builder;
    }
}

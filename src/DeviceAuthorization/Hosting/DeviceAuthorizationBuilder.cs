namespace DeviceAuthorization;

/// <summary>The builder that store packages extend.</summary>
public sealed class DeviceAuthorizationBuilder
{
    internal DeviceAuthorizationBuilder(IServiceCollection services) => Services = services;

    /// <summary>The host's services.</summary>
    public IServiceCollection Services { get; }
}

using DeviceAuthorization;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps pairings in Redis.</summary>
public static class DeviceAuthorizationRedisExtensions
{
    /// <summary>
    /// Keeps pairings in Redis or Redis Cluster, so that every node of a host sees the same ones. Replaces the store that is registered.
    /// While Redis is down the endpoints answer 503; it need not be up when the host starts. Settings, <see cref="RedisPairingStoreOptions"/>,
    /// come from the configuration section <see cref="RedisPairingStoreOptions.SectionName"/>.
    /// </summary>
    /// <param name="builder">What <c>AddDeviceAuthorization()</c> returned.</param>
    /// <param name="configuration">Where Redis is, in the words of StackExchange.Redis: <c>localhost:6379</c>, <c>a:6379,b:6379,password=…,ssl=true</c>.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, string configuration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        return Add(builder, Opening(Persistent(ConfigurationOptions.Parse(configuration))));
    }

    /// <inheritdoc cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/>
    /// <param name="builder">What <c>AddDeviceAuthorization()</c> returned.</param>
    /// <param name="connect">Says where Redis is and how to sign in.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, Action<ConfigurationOptions> connect)
    {
        ArgumentNullException.ThrowIfNull(connect);
        var configuration = Persistent(new ConfigurationOptions());
        connect(configuration);
        return Add(builder, Opening(configuration));
    }

    /// <inheritdoc cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/>
    /// <param name="builder">What <c>AddDeviceAuthorization()</c> returned.</param>
    /// <param name="connection">The host's own connection, which stays open when the host ends. No admin rights are needed.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, IConnectionMultiplexer connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return Add(builder, () => new RedisConnection(connection));
    }

    /// <summary>
    /// While Redis is away, tries every second (the default pauses grow long, and pairings are short-lived), also at first; and lets calls fail
    /// at once: a device that is told 503 polls again, and thousands that wait would be a load of their own.
    /// </summary>
    private static ConfigurationOptions Persistent(ConfigurationOptions configuration)
    {
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ReconnectRetryPolicy = new LinearRetry(maxRetryElapsedTimeAllowedMilliseconds: 1000);
        return configuration;
    }

    private static Func<RedisConnection> Opening(ConfigurationOptions configuration) => () => new RedisConnection(configuration);

    private static DeviceAuthorizationBuilder Add(DeviceAuthorizationBuilder builder, Func<RedisConnection> connect)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<RedisPairingStoreOptions>().BindConfiguration(RedisPairingStoreOptions.SectionName).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisPairingStoreOptions>, RedisPairingStoreOptionsValidator>());
        builder.Services.Replace(ServiceDescriptor.Singleton(_ => connect())); // by a factory, so that the container closes what it made
        builder.Services.Replace(ServiceDescriptor.Singleton<IPairingStore, RedisPairingStore>());
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EvictionPolicyCheck>());
        return builder;
    }
}

using DeviceAuthorization;
using DeviceAuthorization.Redis;
using DeviceAuthorization.Storage;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Keeps pairings in Redis, and counts attempts there.</summary>
public static class DeviceAuthorizationRedisExtensions
{
    /// <summary>
    /// Keeps pairings in Redis or Redis Cluster, so that all nodes of a host share them. Replaces the registered store. Also counts attempts there,
    /// because nodes that share pairings must share limits; a host's own <see cref="IAttemptLimiter"/> stays. While Redis is down, the endpoints
    /// answer 503; the host starts without it. Settings (<see cref="RedisPairingStoreOptions"/>) come from the configuration section
    /// <see cref="RedisPairingStoreOptions.SectionName"/>.
    /// </summary>
    /// <param name="configuration">Where Redis is, as StackExchange.Redis writes it: <c>localhost:6379</c>, <c>a:6379,b:6379,password=…,ssl=true</c>.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, string configuration) =>
        AddStore(builder, Opening(configuration));

    /// <inheritdoc cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connect">Sets where Redis is and how to sign in.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, Action<ConfigurationOptions> connect) =>
        AddStore(builder, Opening(connect));

    /// <inheritdoc cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connection">The host's own connection, which stays open when the host ends. It needs no admin rights.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingStore(this DeviceAuthorizationBuilder builder, IConnectionMultiplexer connection) =>
        AddStore(builder, Opening(connection));

    /// <summary>
    /// Counts attempts in Redis or Redis Cluster, for a host with several nodes that keeps its pairings elsewhere.
    /// <see cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/> includes this. Replaces the registered limiter. While Redis is down,
    /// limited requests get 503. Both use one Redis: if a host adds both, the last call decides which.
    /// </summary>
    /// <param name="configuration">Where Redis is, as StackExchange.Redis writes it: <c>localhost:6379</c>, <c>a:6379,b:6379,password=…,ssl=true</c>.</param>
    public static DeviceAuthorizationBuilder AddRedisAttemptLimiter(this DeviceAuthorizationBuilder builder, string configuration) =>
        AddLimiter(builder, Opening(configuration));

    /// <inheritdoc cref="AddRedisAttemptLimiter(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connect">Sets where Redis is and how to sign in.</param>
    public static DeviceAuthorizationBuilder AddRedisAttemptLimiter(this DeviceAuthorizationBuilder builder, Action<ConfigurationOptions> connect) =>
        AddLimiter(builder, Opening(connect));

    /// <inheritdoc cref="AddRedisAttemptLimiter(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connection">The host's own connection, which stays open when the host ends. It needs no admin rights.</param>
    public static DeviceAuthorizationBuilder AddRedisAttemptLimiter(this DeviceAuthorizationBuilder builder, IConnectionMultiplexer connection) =>
        AddLimiter(builder, Opening(connection));

    /// <summary>
    /// Sends all nodes a signal of each decision by Redis, for a host with several nodes that keeps its pairings elsewhere: a device whose poll is held
    /// (<see cref="DeviceAuthorizationOptions.MaxPollWait"/>) on another node has its token within milliseconds instead of a second.
    /// <see cref="AddRedisPairingStore(DeviceAuthorizationBuilder, string)"/> includes this. All nodes must have it. While Redis is down, polls on other nodes are
    /// answered when their wait ends.
    /// </summary>
    /// <param name="configuration">Where Redis is, as StackExchange.Redis writes it: <c>localhost:6379</c>, <c>a:6379,b:6379,password=…,ssl=true</c>.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingSignals(this DeviceAuthorizationBuilder builder, string configuration) =>
        AddSignals(builder, Opening(configuration));

    /// <inheritdoc cref="AddRedisPairingSignals(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connect">Sets where Redis is and how to sign in.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingSignals(this DeviceAuthorizationBuilder builder, Action<ConfigurationOptions> connect) =>
        AddSignals(builder, Opening(connect));

    /// <inheritdoc cref="AddRedisPairingSignals(DeviceAuthorizationBuilder, string)"/>
    /// <param name="connection">The host's own connection, which stays open when the host ends. It needs no admin rights.</param>
    public static DeviceAuthorizationBuilder AddRedisPairingSignals(this DeviceAuthorizationBuilder builder, IConnectionMultiplexer connection) =>
        AddSignals(builder, Opening(connection));

    /// <summary>
    /// While Redis is away, also at first, connects every second: the default pauses grow long, and pairings are short-lived. Lets calls fail at once:
    /// a device that gets 503 polls again, and thousands of waiting calls would be a load. Checks every few seconds which server is the primary (the
    /// default is a minute), because without Sentinel or Cluster nothing reports a fail-over.
    /// </summary>
    private static ConfigurationOptions Persistent(ConfigurationOptions configuration)
    {
        configuration.AbortOnConnectFail = false;
        configuration.BacklogPolicy = BacklogPolicy.FailFast;
        configuration.ConfigCheckSeconds = 5;
        configuration.ReconnectRetryPolicy = new LinearRetry(maxRetryElapsedTimeAllowedMilliseconds: 1000);
        return configuration;
    }

    private static Func<RedisConnection> Opening(string configuration)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(configuration);
        var parsed = Persistent(ConfigurationOptions.Parse(configuration));
        return () => new RedisConnection(parsed);
    }

    private static Func<RedisConnection> Opening(Action<ConfigurationOptions> connect)
    {
        ArgumentNullException.ThrowIfNull(connect);
        var configuration = Persistent(new ConfigurationOptions());
        connect(configuration);
        return () => new RedisConnection(configuration);
    }

    private static Func<RedisConnection> Opening(IConnectionMultiplexer connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        return () => new RedisConnection(connection);
    }

    private static DeviceAuthorizationBuilder AddStore(DeviceAuthorizationBuilder builder, Func<RedisConnection> connect)
    {
        AddConnection(builder, connect);
        builder.Services.Replace(ServiceDescriptor.Singleton<IPairingStore, RedisPairingStore>());
        builder.Services.TryAddSingleton<IPairingSignals, RedisPairingSignals>();

        // Keep what the host chose.
        return builder.Services.All(service => service.ServiceType != typeof(IAttemptLimiter) || service.ImplementationType?.Assembly == typeof(IAttemptLimiter).Assembly)
            ? ReplaceLimiter(builder)
            : builder;
    }

    private static DeviceAuthorizationBuilder AddLimiter(DeviceAuthorizationBuilder builder, Func<RedisConnection> connect)
    {
        AddConnection(builder, connect);
        return ReplaceLimiter(builder);
    }

    private static DeviceAuthorizationBuilder AddSignals(DeviceAuthorizationBuilder builder, Func<RedisConnection> connect)
    {
        AddConnection(builder, connect);
        builder.Services.Replace(ServiceDescriptor.Singleton<IPairingSignals, RedisPairingSignals>());
        return builder;
    }

    private static DeviceAuthorizationBuilder ReplaceLimiter(DeviceAuthorizationBuilder builder)
    {
        builder.Services.Replace(ServiceDescriptor.Singleton<IAttemptLimiter, RedisAttemptLimiter>());
        return builder;
    }

    private static void AddConnection(DeviceAuthorizationBuilder builder, Func<RedisConnection> connect)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<RedisPairingStoreOptions>().BindConfiguration(RedisPairingStoreOptions.SectionName).ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<RedisPairingStoreOptions>, RedisPairingStoreOptionsValidator>());
        builder.Services.Replace(ServiceDescriptor.Singleton(_ => connect())); // by a factory, so that the container disposes it
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EvictionPolicyCheck>());
        if (builder.Services.All(service => !ReferenceEquals(service.ImplementationInstance, RedisHealth.Registration)))
        {
            builder.Services.AddSingleton(RedisHealth.Registration);
        }
    }
}

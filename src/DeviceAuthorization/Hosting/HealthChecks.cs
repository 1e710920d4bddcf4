using System.Security.Cryptography;
using DeviceAuthorization.Hosting;
using DeviceAuthorization.Limits;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.Extensions.DependencyInjection
{
    /// <summary>Health checks of device pairing.</summary>
    public static class DeviceAuthorizationHealthChecksExtensions
    {
        /// <summary>
        /// Adds <c>device-authorization-pairings</c>, <c>-devices</c> and <c>-limits</c> (each store answers a real call), <c>-keys</c> (Data Protection
        /// can protect and unprotect), and what the store packages add. All have the tags <c>ready</c> and <c>device-authorization</c>. None
        /// has <c>live</c>: no restart of this host mends a store that does not answer. Each ends within five seconds, also if the store's client ignores its
        /// cancellation.
        /// </summary>
        public static IHealthChecksBuilder AddDeviceAuthorization(this IHealthChecksBuilder builder)
        {
            ArgumentNullException.ThrowIfNull(builder);
            var random = Convert.ToHexStringLower(SHA256.HashData(RandomNumberGenerator.GetBytes(32)));
            Add("pairings", (services, token) => services.GetRequiredService<WatchedPairingStore>().FindByUserCodeAsync(random, token).AsTask());
            Add("devices", (services, token) => services.GetRequiredService<WatchedDeviceRepository>().FindTokenAsync(random, token).AsTask());
            Add("limits", (services, token) =>
                services.GetRequiredService<WatchedAttemptLimiter>().TryCountAsync([new AttemptBudget("health", int.MaxValue, TimeSpan.FromMinutes(1))], token).AsTask());
            Add("keys", (services, _) =>
            {
                var protector = services.GetRequiredService<IDataProtectionProvider>().CreateProtector("DeviceAuthorization.Health");
                protector.Unprotect(protector.Protect([1]));
                return Task.CompletedTask;
            });
            builder.Services.AddOptions<HealthCheckServiceOptions>().Configure<IEnumerable<HealthCheckRegistration>>((options, ofPackages) =>
            {
                foreach (var registration in ofPackages)
                {
                    options.Registrations.Add(registration);
                }
            });
            return builder;

            void Add(string name, Func<IServiceProvider, CancellationToken, Task> call) => builder.Add(new HealthCheckRegistration(
                $"device-authorization-{name}",
                services => new CallCheck(services, call),
                failureStatus: null,
                ["ready", "device-authorization"],
                TimeSpan.FromSeconds(5)));
        }
    }
}

namespace DeviceAuthorization.Hosting
{
    /// <summary>Healthy if a call succeeds. The description is for operators: it names the failure, and never what was sent.</summary>
    internal sealed class CallCheck(IServiceProvider services, Func<IServiceProvider, CancellationToken, Task> call) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                // Neither a store that ignores the token nor Data Protection, which reads its keys without one, holds up the answer.
                await Task.Run(CallAsync, cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
                return HealthCheckResult.Healthy();
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                return new HealthCheckResult(context.Registration.FailureStatus, exception.GetType().Name); // with the exception, each probe would log its stack
            }

            // A scope of its own: a call that is left alone goes on with it, and a pooled context must not be in use again before that.
            async Task CallAsync()
            {
                var scope = services.CreateAsyncScope();
                await using var ownScope = scope.ConfigureAwait(false);
                await call(scope.ServiceProvider, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}

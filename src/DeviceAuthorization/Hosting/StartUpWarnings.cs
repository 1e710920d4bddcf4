using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>Logs settings that the host may run with, but that an operator should know about.</summary>
internal sealed class StartUpWarnings(IOptions<DeviceAuthorizationOptions> options, ILogger<StartUpWarnings> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.UserCodeKeys.Count == 0)
        {
            logger.UserCodesWithoutKey();
        }

        if (!options.Value.RateLimits.Enabled)
        {
            logger.LimitsOff();
        }

        if (GuessOdds.Warning(options.Value) is { } advice)
        {
            logger.WeakUserCodes(advice);
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

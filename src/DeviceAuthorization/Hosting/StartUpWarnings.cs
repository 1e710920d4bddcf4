using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.Limits;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Hosting;

/// <summary>What an operator should know of the settings, though the host may run with them.</summary>
internal sealed class StartUpNotes(IOptions<DeviceAuthorizationOptions> options, ILogger<StartUpNotes> logger) : IHostedService
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

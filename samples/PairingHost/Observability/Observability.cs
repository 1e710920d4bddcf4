using System.Diagnostics;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace PairingHost;

/// <summary>
/// What operators see: metrics for Prometheus, health checks, and traces, metrics and logs by OTLP when <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
/// Copy this file and dashboard.json into your host.
/// </summary>
internal static class Observability
{
    /// <summary>
    /// The port for operators, where nothing else answers: keep it closed to the internet. It is compared with the port of the connection. RequireHost
    /// would compare the Host header, which the caller writes.
    /// </summary>
    public const int Port = 9464;

    public static void AddObservability(this WebApplicationBuilder builder)
    {
        builder.Services.AddHealthChecks().AddDeviceAuthorization();
        var telemetry = builder.Services.AddOpenTelemetry()
            .WithMetrics(metrics => metrics.AddMeter("DeviceAuthorization", "Microsoft.AspNetCore.Hosting").AddPrometheusExporter())
            .WithTracing(traces => traces.AddSource("DeviceAuthorization").AddAspNetCoreInstrumentation(options =>
            {
                options.Filter = context => context.Connection.LocalPort != Port;
                options.EnrichWithHttpResponse = HidePath;
            }));
        if (builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] is { Length: > 0 })
        {
            telemetry.UseOtlpExporter();
        }
    }

    /// <summary>Call it first: what it maps needs no sign-in.</summary>
    public static void UseObservability(this WebApplication app) => app.MapWhen(context => context.Connection.LocalPort == Port, operators =>
    {
        operators.UseHealthChecks("/health/live", Checks("live"));
        operators.UseHealthChecks("/health/ready", Checks("ready"));
        operators.UseOpenTelemetryPrometheusScrapingEndpoint();
        operators.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    });

    /// <summary>Answers 200 or 503, and a line for each check that is not healthy.</summary>
    private static HealthCheckOptions Checks(string tag) => new()
    {
        Predicate = check => check.Tags.Contains(tag),
        ResponseWriter = (context, report) => context.Response.WriteAsync($"{report.Status}\n" + string.Concat(
            report.Entries.Where(entry => entry.Value.Status != HealthStatus.Healthy)
                .Select(entry => $"{entry.Key}: {entry.Value.Status}. {entry.Value.Description}\n"))),
    };

    /// <summary>Some paths include a user code, such as /pending/ABCD-EFGH: traces get the pattern of the route instead.</summary>
    private static void HidePath(Activity span, HttpResponse response)
    {
        if (response.HttpContext.GetEndpoint() is RouteEndpoint { RoutePattern.RawText: { } pattern })
        {
            span.SetTag("url.path", pattern);
        }
    }
}

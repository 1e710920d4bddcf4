using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.CrashTests;

/// <summary>Stops a request at one of its calls of a store, counted from 1, before or after the call has taken effect.</summary>
/// <param name="Step">The call.</param>
/// <param name="After">Whether it has taken effect.</param>
/// <param name="Holds">Whether the request stays there until the host is killed; else the call throws.</param>
internal sealed record Fault(int Step, bool After, bool Holds = true)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Step},{After},{Holds}");

    public static Fault? Parse(string header) => header.Split(',') is [var step, var after, var holds]
        ? new Fault(int.Parse(step, CultureInfo.InvariantCulture), bool.Parse(after), bool.Parse(holds))
        : null;
}

/// <summary>Counts the calls of stores that a request makes, and stops it at its <see cref="Fault"/>.</summary>
internal sealed class RequestSteps(Fault? fault)
{
    /// <summary>Holds the fault of a request.</summary>
    public const string FaultHeader = "X-Fault";

    /// <summary>Holds, in an answer, the members that were called.</summary>
    public const string StepsHeader = "X-Steps";

    /// <summary>What the host prints when a request is held.</summary>
    public const string Held = "Held at ";

    private static readonly AsyncLocal<RequestSteps?> Current = new();

    private readonly List<string> _steps = [];

    public static async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var steps = Current.Value = new RequestSteps(Fault.Parse(context.Request.Headers[FaultHeader].ToString()));
        context.Response.OnStarting(() =>
        {
            context.Response.Headers[StepsHeader] = string.Join(' ', steps._steps);
            return Task.CompletedTask;
        });
        await next(context);
    }

    public static Task PassAsync(string member, bool after) => Current.Value?.StepAsync(member, after) ?? Task.CompletedTask;

    private Task StepAsync(string member, bool after)
    {
        if (!after)
        {
            _steps.Add(member);
        }

        if (fault is null || (_steps.Count, after) != (fault.Step, fault.After))
        {
            return Task.CompletedTask;
        }

        if (!fault.Holds)
        {
            throw new IOException("The test's outage.");
        }

        Console.WriteLine($"{Held}{fault}");
        return Task.Delay(Timeout.Infinite);
    }
}

using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Testing;

/// <summary>
/// Detects when no request uses a store any more. A server that stops waits for that. TestServer does not wait for what follows an answer, which is
/// when the use of a token is recorded.
/// </summary>
internal sealed class OpenRequests : IStartupFilter
{
    private readonly TaskCompletionSource _over = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _open = 1; // the host

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(InvokeAsync);
        next(app);
    };

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var isOpen = 1;
        Interlocked.Increment(ref _open);
        context.Response.OnCompleted(() => // the first one added runs last
        {
            Close();
            return Task.CompletedTask;
        });
        try
        {
            await next(context);
        }
        catch
        {
            Close(); // such a request is never completed
            throw;
        }

        void Close()
        {
            if (Interlocked.Exchange(ref isOpen, 0) == 1)
            {
                CloseOne();
            }
        }
    }

    public Task EndAsync()
    {
        CloseOne();
        return _over.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    private void CloseOne()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _over.SetResult();
        }
    }
}

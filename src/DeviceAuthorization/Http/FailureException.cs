using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>A parameter of the host's own endpoint could not be read, because a store fails. Servers answer with its status alone.</summary>
internal sealed class FailureException(Failure failure, string message, Exception? cause = null) : BadHttpRequestException(message, failure.Status, cause!)
{
    public IResult Answer => failure.Answer;
}

/// <summary>Gives the whole answer, with <c>Retry-After</c>, in a host that calls <c>UseExceptionHandler</c>: elsewhere the server clears the headers.</summary>
internal sealed class FailureHandler : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is not FailureException failure)
        {
            return false;
        }

        await failure.Answer.ExecuteAsync(httpContext);
        return true;
    }
}

namespace DeviceAuthorization.Testing;

/// <summary>Drops answers on the way back: the host has done its work, and the caller gets a broken connection.</summary>
/// <param name="drops">Which answers to drop. <see cref="HttpResponseMessage.RequestMessage"/> has the request.</param>
public sealed class AnswerDroppingHandler(Func<HttpResponseMessage, bool> drops) : DelegatingHandler
{
    private int _dropped;

    /// <summary>How many answers were dropped so far.</summary>
    public int Dropped => Volatile.Read(ref _dropped);

    /// <inheritdoc/>
    /// <exception cref="HttpRequestException">The answer was dropped.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken);
        if (!drops(response))
        {
            return response;
        }

        using (response)
        {
            await response.Content.LoadIntoBufferAsync(cancellationToken); // the host is done when all of it is here
        }

        Interlocked.Increment(ref _dropped);
        throw new HttpRequestException(HttpRequestError.ResponseEnded, "The answer was dropped by the test.");
    }
}

namespace DeviceAuthorization.Testing;

/// <summary>Loses answers on the way back: the host has done what it was asked to, and whoever asked gets a broken connection.</summary>
/// <param name="drops">Which ones: sees the answer, and by its <see cref="HttpResponseMessage.RequestMessage"/> what was asked.</param>
public sealed class AnswerDroppingHandler(Func<HttpResponseMessage, bool> drops) : DelegatingHandler
{
    private int _dropped;

    /// <summary>How many answers were lost so far.</summary>
    public int Dropped => Volatile.Read(ref _dropped);

    /// <inheritdoc/>
    /// <exception cref="HttpRequestException">The answer was lost.</exception>
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

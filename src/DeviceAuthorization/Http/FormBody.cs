using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>Reads a form from the body of a request.</summary>
internal static class FormBody
{
    /// <param name="known">The parameters that the endpoint reads. None of them may be repeated.</param>
    /// <param name="maxFields">The most fields that the body may have, unknown ones included.</param>
    public static async ValueTask<Parsed<StrictForm>> ReadAsync(HttpRequest request, string[] known, int maxFields = StrictForm.MaxFields)
    {
        if (!RequestBody.IsUtf8(request, RequestBody.Form))
        {
            return Refuse($"The content type must be {RequestBody.Form}, in UTF-8.");
        }

        StrictForm? form;
        string? problem;
        if (RequestBody.FormReadByHost(request) is { } read)
        {
            if (RequestBody.IsTooLarge(request, read))
            {
                return Refuse(RequestBody.TooLarge(), StatusCodes.Status413PayloadTooLarge);
            }

            StrictForm.TryTake(read, known, out form, out problem, maxFields);
        }
        else if (await RequestBody.ReadAsync(request) is { } body)
        {
            StrictForm.TryParse(body.Span, known, out form, out problem, maxFields);
        }
        else
        {
            return Refuse(RequestBody.TooLarge(), StatusCodes.Status413PayloadTooLarge);
        }

        return form ?? Refuse(problem!);
    }

    private static Parsed<StrictForm> Refuse(string description, int status = StatusCodes.Status400BadRequest) =>
        Parsed.Refuse<StrictForm>(Problems.OAuth(PairingError.InvalidRequest, description, status));
}

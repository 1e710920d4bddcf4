using DeviceAuthorization.Authentication;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Flow;

/// <summary>
/// Handles a user code that an approver enters by JSON. Runs the handler if they are signed in, the text can be a code, and no limit is reached.
/// </summary>
internal sealed class CodeEntry(ApproverSession session, RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
{
    /// <param name="typed">The code in the path.</param>
    public Task<IResult> HandleAsync(HttpContext context, string typed, Func<Approver, UserCode, Task<IResult>> handle) => HandleAsync(
        context, _ => Task.FromResult<Parsed<EnteredCode>>(new EnteredCode(typed)), (approver, code, _) => handle(approver, code));

    /// <param name="read">Reads the body. Not called if nobody is signed in.</param>
    public async Task<IResult> HandleAsync(
        HttpContext context, Func<HttpRequest, Task<Parsed<EnteredCode>>> read, Func<Approver, UserCode, Approval?, Task<IResult>> handle)
    {
        if (!(await session.AuthenticateSameSiteAsync(context)).TryGet(out var approver, out var refusal)
            || !(await read(context.Request)).TryGet(out var entered, out refusal))
        {
            return refusal;
        }

        return options.Value.UserCode.TryParse(entered.Typed, out var code)
            ? await limits.EnterAsync(context, approver, code, _ => ApproverJson.TooMany()) ?? await handle(approver, code, entered.Approval)
            : ApproverJson.NotFound();
    }
}

using DeviceAuthorization.Authentication;
using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Http.Flow;

/// <summary>An approver enters a user code by JSON. The handler runs if they are signed in here, the code can be one, and no limit is reached.</summary>
internal sealed class CodeEntry(ApproverSession session, RequestLimiter limits, IOptions<DeviceAuthorizationOptions> options)
{
    /// <param name="context">The request.</param>
    /// <param name="typed">The code in the path.</param>
    /// <param name="handle">Answers the approver.</param>
    public Task<IResult> HandleAsync(HttpContext context, string typed, Func<Approver, UserCode, Task<IResult>> handle) => HandleAsync(
        context, _ => Task.FromResult<Parsed<EnteredCode>>(new EnteredCode(typed)), (approver, code, _) => handle(approver, code));

    /// <param name="context">The request.</param>
    /// <param name="read">Reads the body. It is not read if nobody is signed in.</param>
    /// <param name="handle">Answers the approver.</param>
    public async Task<IResult> HandleAsync(
        HttpContext context, Func<HttpRequest, Task<Parsed<EnteredCode>>> read, Func<Approver, UserCode, Approval?, Task<IResult>> handle)
    {
        if (!(await session.AuthenticateForDecisionAsync(context)).TryGet(out var approver, out var refusal)
            || !(await read(context.Request)).TryGet(out var entered, out refusal))
        {
            return refusal;
        }

        return options.Value.UserCode.TryParse(entered.Typed, out var code)
            ? await limits.EnterAsync(context, approver, code, ApproverJson.TooMany) ?? await handle(approver, code, entered.Approval)
            : ApproverJson.NotFound();
    }
}

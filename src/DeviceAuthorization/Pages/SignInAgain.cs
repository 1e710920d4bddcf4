using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>
/// Sends an approver to the host's sign-in and back to the review, if the host's policy requires it (<see cref="ApprovalRisk.StepUp"/>). Only the
/// time of their sign-in counts, not their return.
/// </summary>
internal sealed class SignInAgain(PageSession session, PairingTickets tickets, PageFrame frame, TimeProvider clock)
{
    /// <summary>Asks for a new sign-in. If the approver returned twice without one, answers that they cannot continue.</summary>
    public async Task<IResult> AskAsync(HttpContext context, PairingTicket ticket, Visitor visitor)
    {
        var asked = Asked(context, ticket);
        if (asked?.Times >= SignInAsked.Most)
        {
            return await session.NotNewAsync(context, visitor);
        }

        tickets.Keep(context, frame.Address(context), ticket with { UserId = visitor.Approver.UserId, Asked = asked });
        return session.SignInAnew(context);
    }

    /// <summary>Continues to the host's sign-in. If the review needs it, first records in the cookie that we asked, and when.</summary>
    public async Task<IResult> GoOnAsync(HttpContext context)
    {
        if (context.Request.Query["prompt"] is ["login"] && tickets.Of(context) is { UserId: not null } ticket)
        {
            var asked = new SignInAsked((ticket.Asked?.Times ?? 0) + 1, clock.Now(), (await session.FindAsync(context))?.SignedInAt);
            tickets.Keep(context, frame.Address(context), ticket with { Asked = asked });
        }

        return await session.GoOnAsync(context);
    }

    /// <summary>The visitor, corrected by <see cref="SignInAsked.Seen"/> if we asked them to sign in again.</summary>
    public Visitor Seen(HttpContext context, Visitor visitor, PairingTicket ticket) =>
        Asked(context, ticket) is { } asked ? visitor with { Approver = asked.Seen(visitor.Approver) } : visitor;

    /// <summary>Our request to sign in again. Only the cookie has it, because the ticket of a form may be older.</summary>
    private SignInAsked? Asked(HttpContext context, PairingTicket ticket) =>
        tickets.Of(context) is { } kept && kept.Code == ticket.Code && kept.UserId == ticket.UserId ? kept.Asked : null;
}

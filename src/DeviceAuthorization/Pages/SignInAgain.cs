using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using DeviceAuthorization.Rules;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>
/// The host's policy wants to see that it is really them (<see cref="ApprovalRisk.StepUp"/>): the way to the host's sign-in and back to the
/// review. What counts is when they signed in.
/// </summary>
internal sealed class SignInAgain(PageSession session, PairingTickets tickets, PageFrame frame, TimeProvider clock)
{
    /// <summary>Asks for a new sign-in; after they came back from two without one, says that it ends here.</summary>
    public async Task<IResult> AskAsync(HttpContext context, PairingTicket ticket, Visitor visitor)
    {
        var asked = Asked(context, ticket);
        if (asked?.Times >= SignInAsked.Most)
        {
            return await session.NotNewAsync(context, visitor);
        }

        tickets.Keep(context, frame.Address(context), ticket.Code, visitor.Approver.UserId, ticket.IsOfLink, asked);
        return session.SignInAnew(context);
    }

    /// <summary>On to the host's sign-in. When it is for the review, the cookie keeps that we asked, and when.</summary>
    public async Task<IResult> GoOnAsync(HttpContext context)
    {
        if (context.Request.Query["prompt"] is ["login"] && tickets.Of(context) is { UserId: not null } ticket)
        {
            var asked = new SignInAsked((ticket.Asked?.Times ?? 0) + 1, clock.Now(), (await session.FindAsync(context))?.SignedInAt);
            tickets.Keep(context, frame.Address(context), ticket.Code, ticket.UserId, ticket.IsOfLink, asked);
        }

        return await session.GoOnAsync(context);
    }

    /// <summary>The visitor, as signed in since we asked, if they have.</summary>
    public Visitor Seen(HttpContext context, Visitor visitor, PairingTicket ticket) =>
        Asked(context, ticket) is { } asked ? visitor with { Approver = asked.Seen(visitor.Approver) } : visitor;

    /// <summary>It is in the cookie only: the ticket of a form may be older.</summary>
    private SignInAsked? Asked(HttpContext context, PairingTicket ticket) =>
        tickets.Of(context) is { } kept && kept.Code == ticket.Code && kept.UserId == ticket.UserId ? kept.Asked : null;
}

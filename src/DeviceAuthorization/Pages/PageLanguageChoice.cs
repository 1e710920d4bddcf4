using DeviceAuthorization.Authentication;
using DeviceAuthorization.Http;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Pages;

/// <summary>Stores the language that a person chose, and returns to the page that they were on.</summary>
internal static class PageLanguageChoice
{
    public static async Task<IResult> ChooseAsync(HttpContext context, PageFrame frame, ApproverSession session)
    {
        if (!session.IsCrossSite(context.Request, fromOurPage: true)
            && (await StrictForm.ReadAsync(context.Request, ["language", "back"])).TryGet(out var form, out _)
            && PageLanguage.Find(form["language"]) is { } language)
        {
            context.Response.Cookies.Append(PageLanguage.Cookie, language.Code, new CookieOptions
            {
                Path = context.Request.PathBase.HasValue ? context.Request.PathBase.ToUriComponent() : "/",
                HttpOnly = true,
                IsEssential = true,
                MaxAge = TimeSpan.FromDays(365),
                SameSite = SameSiteMode.Lax,
                Secure = context.Request.IsHttps,
            });
            if (form["back"] is { } back && frame.Addresses(context).Contains(back, StringComparer.Ordinal))
            {
                return new SeeOther(back); // never anywhere else (T-10)
            }
        }

        return new SeeOther(frame.Start(context));
    }
}

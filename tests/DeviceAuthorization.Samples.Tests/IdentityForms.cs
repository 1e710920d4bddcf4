using System.Text.RegularExpressions;

namespace DeviceAuthorization.Tests.Samples;

/// <summary>Alice at the pages of ASP.NET Core Identity.</summary>
internal static partial class IdentityForms
{
    public const string Email = "alice@example.com";
    public const string Password = "Correct-h0rse";

    public static async Task<HttpResponseMessage> RegisterAsync(this HttpClient browser)
    {
        const string Page = "/Identity/Account/Register";
        return await browser.PostOnlyAsync(
            Page,
            ("__RequestVerificationToken", await AntiforgeryAsync(browser, Page)),
            ("Input.Email", Email), ("Input.Password", Password), ("Input.ConfirmPassword", Password));
    }

    public static async Task<HttpResponseMessage> SignInAsync(this HttpClient browser, string page, string password = Password) => await browser.PostOnlyAsync(
        page,
        ("__RequestVerificationToken", await AntiforgeryAsync(browser, page)),
        ("Input.Email", Email), ("Input.Password", password), ("Input.RememberMe", "false"));

    private static async Task<string> AntiforgeryAsync(HttpClient browser, string page) => AntiforgeryField().Match(await browser.GetStringAsync(page)).Groups[1].Value;

    [GeneratedRegex("name=\"__RequestVerificationToken\" type=\"hidden\" value=\"([^\"]+)\"")]
    private static partial Regex AntiforgeryField();
}

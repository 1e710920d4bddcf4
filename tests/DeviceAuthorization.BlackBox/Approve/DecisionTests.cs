namespace DeviceAuthorization.BlackBox;

/// <summary>The approver decides (rows 85 to 89, 91, 92 and 95).</summary>
public abstract class DecisionTests(Store store)
{
    [SkippableTheory]
    [InlineData("85, no antiforgery token", null)]
    [InlineData("85, a forged one", "forged")]
    [InlineData("85, another user's", "bob's")]
    public async Task Without_an_antiforgery_token_of_one_s_own_nothing_is_decided(string row, string? token)
    {
        _ = row;
        var (host, codes, alice, review) = await ReviewAsync();
        token = token == "bob's" ? (await (await host.SignInAsync("bob")).CallAsync("GET", Page.Path)).Hidden(Page.Antiforgery) : token;
        (string, string)[] own = token is null ? [] : [(Page.Antiforgery, token)];
        (await alice.PostFieldsAsync(Page.Review, [.. own, ("ticket", review.Hidden("ticket")), ("scope0", "me.read"), ("decision", "approve")])).IsRefused();
        (await alice.PostFieldsAsync(Page.Path, [.. own, ("user_code", codes.UserCode)])).IsRefused();
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableTheory]
    [InlineData("85, Origin", "Origin", "https://evil.test")]
    [InlineData("85, cross-site", "Sec-Fetch-Site", "cross-site")]
    [InlineData("85, same-site", "Sec-Fetch-Site", "same-site")]
    public async Task From_another_origin_nothing_is_decided(string row, string header, string value)
    {
        _ = row;
        var (host, codes, alice, review) = await ReviewAsync();
        alice.DefaultRequestHeaders.Add(header, value);
        (await alice.DecideAsync(review, "approve")).IsRefused();
        (await alice.ApproveAsync(codes)).Refuses(403, null);
        (await alice.DenyAsync(codes)).Refuses(403, null);
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableTheory]
    [InlineData("86, no ticket", "")]
    [InlineData("86, a forged ticket", "CfDJ8forged")]
    [InlineData("86, a pairing's id", "00000000-0000-0000-0000-000000000001")]
    [InlineData("86, the code", "code")]
    [InlineData("87, the ticket of another user", "bob's")]
    public async Task Who_has_not_entered_the_code_decides_nothing(string row, string ticket)
    {
        _ = row;
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var alice = await host.SignInAsync("alice");
        var form = await alice.CallAsync("GET", Page.Path);
        ticket = ticket switch
        {
            "code" => codes.UserCode,
            "bob's" => (await (await host.SignInAsync("bob")).ReviewAsync(codes)).Hidden("ticket"),
            _ => ticket,
        };
        var answer = await alice.PostFieldsAsync(
            Page.Review, (Page.Antiforgery, form.Hidden(Page.Antiforgery)), ("ticket", ticket), ("scope0", "me.read"), ("decision", "approve"));
        answer.IsRefused();
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableFact]
    [Trait("Row", "87")]
    public async Task A_ticket_decides_its_own_pairing_and_none_after_the_sign_out()
    {
        // That it ends after forty minutes: PageSafetyTests, in process.
        var (host, first, alice, review) = await ReviewAsync();
        var second = await host.Client.StartAsync();
        await alice.ReviewAsync(second); // the other tab
        Assert.Equal("Device denied", (await alice.DecideAsync(review, "deny")).Title());
        Assert.Equal("access_denied", await host.Client.StateAsync(first));
        Assert.Equal("authorization_pending", await host.Client.StateAsync(second));

        var left = await alice.ReviewAsync(second);
        (await alice.PostJsonAsync("/api/logout", "{}")).Is(200);
        Assert.Equal("0; url=/pair/device", (await alice.DecideAsync(left, "deny")).Is(200).Header("Refresh")); // which leads to the sign-in
        Assert.Equal("slow_down", await host.Client.StateAsync(second));
    }

    [SkippableTheory]
    [InlineData("88, no decision", "")]
    [InlineData("88, APPROVE", "&decision=APPROVE")]
    [InlineData("88, both", "&decision=approve&decision=deny")]
    [InlineData("88, unknown", "&decision=maybe")]
    [InlineData("88, twice", "&decision=approve&decision=approve")]
    public async Task Anything_but_one_decision_is_refused(string row, string decision)
    {
        _ = row;
        var (host, codes, alice, review) = await ReviewAsync();
        var fields = string.Join('&', review.Fields().Select(field => $"{field.Name}={Uri.EscapeDataString(field.Value)}"));
        (await alice.CallAsync("POST", Page.Review, $"{fields}&scope0=me.read{decision}")).IsRefused();
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableTheory]
    [InlineData("89, approve then deny", "approve", "deny", "Device approved")]
    [InlineData("89, deny then approve", "deny", "approve", "Device denied")]
    [InlineData("89, approve twice", "approve", "approve", "Device approved")]
    public async Task The_first_decision_wins_and_the_page_tells_the_real_outcome(string row, string first, string second, string title)
    {
        _ = row;
        var (host, codes, alice, review) = await ReviewAsync();
        await alice.DecideAsync(review, first);
        var answer = (await alice.DecideAsync(review, second)).Is(200).IsPage();
        Assert.Equal(title, answer.Title());
        (await alice.ApproveAsync(codes)).Refuses(410, null); // in RomM's dialect
        Assert.Equal(first == "approve" ? "paired" : "access_denied", await host.Client.StateAsync(codes));
    }

    [SkippableTheory]
    [InlineData("91, a scope not requested", "me.write")]
    [InlineData("91, a scope that is none", "admin")]
    [InlineData("91, none", null)]
    public async Task Scopes_that_were_not_asked_for_or_none_are_refused(string row, string? scope)
    {
        _ = row;
        var (host, codes, alice, review) = await ReviewAsync();
        (string, string)[] scopes = scope is null ? [] : [("scope0", scope)];
        (await alice.PostFieldsAsync(Page.Review, [.. review.Fields(), .. scopes, ("decision", "approve")])).Is(400).IsPage();
        var json = scope is null
            ? await alice.PostJsonAsync(Host.Auth + "/approve", $$"""{"user_code":"{{codes.UserCode}}","approved_scopes":[]}""")
            : await alice.ApproveAsync(codes, scope);
        json.Refuses(scope is null ? 422 : 403, null); // in RomM's dialect
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableFact]
    [Trait("Row", "92")]
    public async Task A_device_token_approves_nothing()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var (token, _) = await host.PairAsync("alice");
        var device = host.Browser();
        device.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", "Bearer " + token);
        (await device.ApproveAsync(codes)).Refuses(403, null);
        (await device.CallAsync("GET", $"{Host.Auth}/pending/{codes.UserCode}")).Refuses(403, null);
        (await device.PostFieldsAsync(Page.Path, ("user_code", codes.UserCode))).Is(403).IsPage();
        (await device.PostFieldsAsync(Page.Review, ("decision", "approve"))).Is(403).IsPage();
        await AssertUndecidedAsync(host, codes);
    }

    [SkippableFact]
    [Trait("Row", "95")]
    public async Task Going_back_and_reloading_shows_the_result_and_does_nothing_again()
    {
        var (host, codes, alice, review) = await ReviewAsync();
        await alice.DecideAsync(review, "approve");
        var devices = (await alice.CallAsync("GET", "/api/devices")).Is(200).Json.GetArrayLength();
        foreach (var again in (Answer[])[
            await alice.CallAsync("GET", Page.Review), // reload
            await alice.DecideAsync(review, "approve"), // back, and once more
            await alice.EnterAsync(codes.UserCode),
        ])
        {
            Assert.Equal("Device approved", again.Is(200).IsPage().Title());
        }

        Assert.Equal(devices, (await alice.CallAsync("GET", "/api/devices")).Is(200).Json.GetArrayLength());
        (await host.Client.PollAsync(codes)).Is(200);
    }

    private async Task<(Host Host, Codes Codes, HttpClient Alice, Answer Review)> ReviewAsync()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var alice = await host.SignInAsync("alice");
        return (host, codes, alice, await alice.ReviewAsync(codes));
    }

    private static async Task AssertUndecidedAsync(Host host, Codes codes) =>
        Assert.Equal("authorization_pending", await host.Client.StateAsync(codes));
}

namespace DeviceAuthorization.BlackBox;

/// <summary>The approver enters a code on the page (rows 77 to 79, 81 to 84, 93 and 94).</summary>
public abstract class EnterCodeTests(Store store)
{
    [SkippableFact]
    [Trait("Row", "77")]
    public async Task Who_is_not_signed_in_is_sent_to_sign_in_and_learns_nothing_of_the_code()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        foreach (var code in (string[])[codes.UserCode, "BBBB-BBBB"])
        {
            foreach (var path in (string[])[Page.Path, Page.Review])
            {
                var answer = await host.Browser().CallAsync("GET", path);
                var to = answer.Is(302).Header("Location")!;
                Assert.Equal("/login?ReturnUrl=%2Fpair%2Fdevice", to[to.IndexOf("/login", StringComparison.Ordinal)..]);
                Assert.DoesNotContain(code, answer.Body + string.Join(' ', answer.Headers), StringComparison.Ordinal);
            }

            foreach (var answer in (Answer[])[
                await host.Browser().PostFieldsAsync(Page.Path, ("user_code", code)),
                await host.Browser().PostFieldsAsync(Page.Review, ("decision", "approve"), ("ticket", code)),
            ])
            {
                Assert.Equal("0; url=/pair/device", answer.Is(200).Header("Refresh")); // by a navigation of its own, which form-action does not hold back
                Assert.DoesNotContain(code, answer.Body + string.Join(' ', answer.Headers), StringComparison.Ordinal);
            }

            (await host.Client.CallAsync("GET", $"{Host.Auth}/pending/{code}")).Refuses(401, null, code);
            (await host.Client.ApproveAsync(codes with { UserCode = code })).Refuses(401, null, code);
        }
    }

    [SkippableTheory]
    [InlineData("78, in small letters", "{0}-{1}", true)]
    [InlineData("78, with a space", "{0} {1}", false)]
    [InlineData("78, with a space before, no dash, in small letters", " {0}{1}", true)]
    [InlineData("78, with an en dash", "{0}\u2013{1}", false)]
    [InlineData("78, in full-width letters", "wide", false)]
    public async Task A_code_is_read_as_people_type_it(string row, string spelling, bool small)
    {
        _ = row;
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var parts = codes.UserCode.Split('-');
        var typed = spelling == "wide"
            ? new string([.. codes.UserCode.Select(c => (char)(c + 0xFEE0))])
            : string.Format(System.Globalization.CultureInfo.InvariantCulture, spelling, parts[0], parts[1]);
        var review = await (await host.SignInAsync("alice")).EnterAsync(small ? typed.ToLowerInvariant() : typed);
        Assert.Equal("Approve this device?", review.Title());
        Assert.Equal("authorization_pending", await host.Client.StateAsync(codes)); // entering decides nothing
    }

    [SkippableTheory]
    [InlineData("79, one letter less")]
    [InlineData("79, one letter more")]
    [InlineData("79, the first half")]
    [InlineData("79, nothing")]
    [InlineData("79, only dashes")]
    public async Task Less_or_more_than_the_code_is_unknown(string row)
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var typed = row[4..] switch
        {
            "one letter less" => codes.UserCode[..^1],
            "one letter more" => codes.UserCode + "B",
            "the first half" => codes.UserCode[..4],
            "nothing" => "",
            _ => "----",
        };
        (await (await host.SignInAsync("bob")).EnterAsync(typed)).IsGeneric(codes.UserCode);
        await (await host.SignInAsync("alice")).ReviewAsync(codes); // bob did not claim it
    }

    [SkippableFact]
    [Trait("Row", "81")]
    public async Task Codes_that_are_not_this_user_s_to_decide_get_the_same_page_byte_by_byte()
    {
        var host = await store.MainAsync();
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var (denied, approved, claimed) = (await host.Client.StartAsync(), await host.Client.StartAsync(), await host.Client.StartAsync());
        (await alice.DenyAsync(denied)).Is(200);
        (await alice.ApproveAsync(approved)).Is(200);
        await alice.ReviewAsync(claimed);
        var unknown = (await bob.EnterAsync("BBBB-BBBB")).IsGeneric();
        foreach (var codes in (Codes[])[denied, approved, claimed]) // an expired one: ExpiryTests
        {
            Assert.Equal(unknown.Scrubbed(), (await bob.EnterAsync(codes.UserCode)).Scrubbed());
            var (known, other) = (await bob.CallAsync("GET", $"{Host.Auth}/pending/{codes.UserCode}"), await bob.CallAsync("GET", $"{Host.Auth}/pending/BBBB-BBBB"));
            Assert.Equal((other.Is(404).Body, other.Headers.Count), (known.Is(404).Body, known.Headers.Count));
        }
    }

    [SkippableTheory]
    [InlineData("82, a script", "<script>alert(1)</script>")]
    [InlineData("82, a template", "{{7*7}}QQ")]
    [InlineData("82, an SQL quote", "' OR 'QQ'='QQ")]
    [InlineData("82, 4,000 characters", "long")]
    public async Task A_hostile_code_is_unknown_and_not_repeated(string row, string typed)
    {
        _ = row;
        typed = typed == "long" ? new string('Q', 4000) : typed;
        var bob = await (await store.MainAsync()).SignInAsync("bob");
        var unknown = (await bob.EnterAsync("BBBB-BBBB")).IsGeneric();
        Assert.Equal(unknown.Scrubbed(), (await bob.EnterAsync(typed)).Scrubbed());
    }

    [SkippableTheory]
    [InlineData("82, a megabyte", "B", 1 << 20)]
    [InlineData("82, NUL", "\0", 1)]
    public async Task A_code_that_no_form_of_the_page_sends_is_refused(string row, string part, int times)
    {
        _ = row;
        var bob = await (await store.MainAsync()).SignInAsync("bob");
        (await bob.EnterAsync(string.Concat(Enumerable.Repeat(part, times)))).IsRefused();
    }

    [SkippableFact]
    [Trait("Row", "83")]
    public async Task A_link_with_two_codes_fills_in_none()
    {
        var host = await store.MainAsync();
        var codes = await host.Client.StartAsync();
        var page = (await (await host.SignInAsync("alice")).CallAsync("GET", $"{Page.Path}?user_code={codes.UserCode}&user_code=BBBB-BBBB")).Is(200).IsPage();
        Assert.Equal("", page.Hidden("user_code"));
    }

    [SkippableFact]
    [Trait("Row", "84")]
    public async Task Opening_the_complete_link_with_a_session_claims_and_approves_nothing()
    {
        var host = await store.MainAsync();
        var started = (await host.Client.CallAsync("POST", Host.Init, "client_id=tv&scope=me.read")).Is(200);
        var codes = new Codes(started.Text("device_code")!, started.Text("user_code")!, "tv");
        var link = new Uri(started.Text("verification_uri_complete")!).PathAndQuery;
        var alice = await host.SignInAsync("alice");
        foreach (var purpose in (string[])["prefetch", ""])
        {
            var page = await alice.FollowAsync(await alice.CallAsync("GET", link, headers: ("Sec-Purpose", purpose)));
            Assert.Equal(codes.UserCode, page.Is(200).IsPage().Hidden("user_code"));
        }

        Assert.Equal("authorization_pending", await host.Client.StateAsync(codes));
        await (await host.SignInAsync("bob")).ReviewAsync(codes); // nobody has claimed it
    }

    [SkippableTheory]
    [InlineData("93, no scheme", "//evil.test")]
    [InlineData("93, a backslash", "/\\evil.test")]
    [InlineData("93, another site", "https://evil.test")]
    [InlineData("93, a script", "javascript:1")]
    public async Task A_way_back_that_leads_elsewhere_is_ignored(string row, string url)
    {
        _ = row;
        var host = await store.MainAsync();
        var sentTo = (await host.Browser().CallAsync("GET", $"{Page.Path}?returnUrl={Uri.EscapeDataString(url)}")).Is(302).Header("Location");
        Assert.EndsWith("/login?ReturnUrl=%2Fpair%2Fdevice", sentTo, StringComparison.Ordinal);
        var alice = await host.SignInAsync("alice");
        var page = (await alice.CallAsync("GET", $"{Page.Path}?returnUrl={Uri.EscapeDataString(url)}")).Is(200).IsPage();
        Assert.DoesNotContain("evil", page.Body, StringComparison.Ordinal);

        var browser = host.Browser();
        var login = $"/login?returnUrl={Uri.EscapeDataString(url)}";
        var form = await browser.CallAsync("GET", login);
        var signedIn = await browser.PostFieldsAsync(login, (Page.Antiforgery, form.Hidden(Page.Antiforgery)), ("username", "alice"), ("password", "demo"));
        Assert.Equal("/", signedIn.Is(302).Header("Location"));
    }

    [SkippableFact]
    [Trait("Row", "94")]
    public async Task Every_page_forbids_framing_and_none_has_an_element_for_a_fragment()
    {
        // What a browser makes of it: BrowserTests.AttackTests.
        var host = await store.MainAsync();
        var alice = await host.SignInAsync("alice");
        var review = await alice.ReviewAsync(await host.Client.StartAsync());
        foreach (var page in (Answer[])[await alice.CallAsync("GET", Page.Path), review, await alice.EnterAsync("x"), await alice.DecideAsync(review, "deny")])
        {
            Assert.DoesNotContain(" id=", page.IsPage().Body, StringComparison.Ordinal);
        }
    }
}

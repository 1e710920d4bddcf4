using System.Collections;
using DeviceAuthorization.Diagnostics;
using DeviceAuthorization.RomM;
using DeviceAuthorization.Rules;
using DeviceAuthorization.Storage;
using Microsoft.AspNetCore.Html;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace DeviceAuthorization.Tests;

/// <summary>A log, a debugger or string interpolation may print any public type: real values, made by the flow, show no secret.</summary>
public sealed class PrintedValuesTests
{
    [Fact]
    [Trait("Row", "T-25")]
    public async Task No_public_type_prints_a_secret()
    {
        var (store, policy) = (new ProbingPairingStore(), new TestPolicy());
        PairedDevice? caller = null;
        RequestDevice? named = null;
        await using var host = await TestHost.StartAsync(options => options.NumberMatching = NumberMatching.WhenRisky, services => store.Use(services.AddSingleton<IPairingPolicy>(policy)), map: app => Microsoft.AspNetCore.Builder.EndpointRouteBuilderExtensions.MapGet(
            app, "/test/caller", (PairedDevice device, RequestDevice about) =>
            {
                (caller, named) = (device, about);
                return "";
            }));
        using var scope = host.Services.CreateScope();
        var (device, approver) = (scope.ServiceProvider.GetRequiredService<DeviceFlow>(), scope.ServiceProvider.GetRequiredService<ApproverFlow>());
        var devices = scope.ServiceProvider.GetRequiredService<IDeviceRepository>();
        var (alice, approval) = (new Approver("alice", ["profile"]), new Approval { Scopes = ["profile"] });
        var request = new PairingRequest { ClientId = "tv", Scopes = ["profile"], Device = new ReportedDevice { Name = "TV" } };

        var started = Assert.IsType<StartResult.Started>(await device.StartAsync(request));
        var typed = started.UserCode.Reveal();
        var found = Assert.IsType<ApproverResult.Review>(await approver.EnterAsync(TestData.Code(typed), alice));
        var notPaired = await device.PollAsync(new PollRequest { DeviceCode = started.DeviceCode, ClientId = "tv", IdempotencyKey = "key-of-this-poll" });
        var approved = await approver.ApproveAsync(TestData.Code(typed), alice, approval);
        var paired = Assert.IsType<PollResult.Paired>(await device.PollAsync(new PollRequest { DeviceCode = started.DeviceCode, ClientId = "tv", IdempotencyKey = "key-of-this-poll" }));
        (await host.WithToken(paired.Token.Reveal()).GetAsync("/test/caller")).EnsureSuccessStatusCode();
        var last = store.Seen.OfType<Pairing>().Last(pairing => pairing.Grant is not null);

        var other = Assert.IsType<StartResult.Started>(await device.StartAsync(request with { CanShowNumber = true })).UserCode.Reveal();
        policy.Risk = ApprovalRisk.MatchNumber;
        var matching = await approver.ApproveAsync(TestData.Code(other), alice, approval with { SupportsNumberMatching = true });
        var comparing = Assert.IsType<ApproverResult.ChooseNumber>(await approver.ReviewAsync(TestData.Code(other), alice));

        Assert.True(SecretDocument.TryParse("""{"host":"nas","password":"hunter2-of-the-nas"}""", SecretKeys.Default, out var settings, out _));
        var television = caller!.Device with { SyncConfig = settings };
        var issue = new TokenIssueConditions(TestHost.Epoch, 25, ReplacesEarlier: true);

        using var connection = await scope.ServiceProvider.GetRequiredService<DeviceAccess>().ConnectAsync(paired.Token.Reveal());

        object[] printed =
        [
            request, request.Device, started, started.DeviceCode, started.UserCode, alice, approval, found, notPaired, approved, paired,
            paired.Token, paired.Issued, last, last.Grant!, last.Pacing, PollAttempt.NotAccepted(last), device, approver, caller, television, named!,
            new TokenWithDevice(paired.Issued, television), await devices.FindTokenAsync(paired.Token.Hash(), CancellationToken.None) ?? throw new InvalidOperationException(),
            DeviceSchema.From(television), DeviceCreateResponse.From(television), DeviceSyncSchema.From(television, TestHost.Epoch, TestHost.Epoch), settings!,
            SecretKeys.Default, new SecretDocumentConverter(), new UserIdConverter(), new ManagementScopes(), issue, new TokenIssue(paired.Issued, false),
            await devices.TryIssueTokenAsync(paired.Issued, issue, CancellationToken.None), await devices.ListTokensAsync("alice", CancellationToken.None),
            await approver.ReviewAsync(TestData.Code(typed), alice), await approver.ReviewAsync(TestData.Code("WRNG-CXDX"), alice),
            await approver.DenyAsync(TestData.Code(typed), alice), await approver.DenyAsync(TestData.Code("WRNG-CXDX"), alice), await device.StartAsync(request with { Scopes = ["nobody"] }),
            new ApproverResult.Denied(), new ApproverResult.Refused(ApproverRefusal.Forbidden), new ApproverResult.Refused(ApproverRefusal.DeviceLimitReached), new ApproverResult.Refused(ApproverRefusal.ScopesNotGrantable), new StartResult.Unavailable(),
            matching, comparing, new ApproverResult.Refused(ApproverRefusal.MustBeTyped), new PollRequest { DeviceCode = started.DeviceCode, ClientId = "tv", IdempotencyKey = "key-of-this-poll" },
            new ApproverResult.Refused(ApproverRefusal.NumberRequired), new StartResult.NumberRequired(),
            scope.ServiceProvider.GetRequiredService<IOptions<DeviceAuthorizationOptions>>().Value, new DeviceRateLimits(), UserCodeFormat.Standard,
            new DeviceTokenOptions(), new DeviceAuthorizationBuilder(new ServiceCollection()), new RequireScopeAttribute("library.read"), new RequirePairedDeviceAttribute(), new RequireOwnDeviceAttribute(),
            new AttemptBudget("start:192.0.2.1", 10, TimeSpan.FromMinutes(1)), new OwnedCounts(1, 2),
            new DeviceClient { DisplayName = "TV", Secret = Clients.Secret },
            new ApproverResult.Refused(ApproverRefusal.StepUpRequired), new ApproverResult.Refused(ApproverRefusal.Blocked), new PairingPageOptions(),
            new StartResult.Forbidden(), new PairingEvent.Started(last), new PairingEvent.Claimed(last), new PairingEvent.CodeRefused(alice, last),
            new PairingEvent.CodeShared(alice, last), new PairingEvent.Approved(last), new PairingEvent.NumberMatchingStarted(last), new PairingEvent.Denied(last), new PairingEvent.Redeemed(last, paired.Issued),
            new PairingEvent.Redelivered(last), new PairingEvent.Expired(last), new PairingEvent.Replayed(last), new PairingEvent.ReplaySuspected(last), new PairingEvent.TokenMade(paired.Issued), new PairingEvent.TokenRenewed(paired.Issued),
            new PairingEvent.TokenChanged(paired.Issued, paired.Issued), new ApproverResult.Refused(ApproverRefusal.TokenLimitReached), new PairingEvent.Revoked(paired.Issued), new PairingEvent.TokenEnded(paired.Issued), new PairingEvent.DeviceRemoved("alice", television.Id),
            connection!, connection!.Token, new EndedAccess([paired.Issued], 1),
            scope.ServiceProvider.GetRequiredService<DeviceAccess>(), new ObtainedAccess { From = TestHost.Epoch, To = TestHost.Epoch.AddDays(1), ClientId = "tv" },
            new SignOutResult(1, 2), new PairingEvent.SignedOutEverywhere("alice", new SignOutResult(1, 2)), new PairingEvent.UserRemoved("alice", new SignOutResult(1, 2)),
            new PairingEvent.LimitReached("code", "alice"), new PairingEvent.CampaignSuspected("192.0.2.1", last), new PairingEvent.Voided(last), new PairingEvent.Withdrawn(last),
            PairingQrCode.Of(new DefaultHttpContext { RequestServices = host.Services }.Request, started.UserCode),
            new PageContent
            {
                Title = "Title", Language = "en-US", IsRightToLeft = false, Style = HtmlString.Empty, Script = HtmlString.Empty, Main = HtmlString.Empty, LanguageForm = HtmlString.Empty,
            },
        ];

        var secrets = new KnownSecrets();
        secrets.Add("device code", started.DeviceCode.Reveal());
        secrets.Add("user code", typed);
        secrets.Add("user code", started.UserCode.RevealGrouped());
        secrets.Add("token", paired.Token.Reveal());
        secrets.Add("key", "key-of-this-poll");
        secrets.Add("salt", last.Grant!.TokenSalt);
        secrets.Add("password", "hunter2-of-the-nas");
        secrets.Add("client secret", Clients.Secret);
        secrets.Add("hash", started.DeviceCode.Hash());
        secrets.Add("hash", started.UserCode.Hash());
        secrets.Add("hash", paired.Token.Hash());
        foreach (var value in printed.SelectMany(value => value is IEnumerable many and not string ? many.Cast<object>() : [value]))
        {
            Assert.True(secrets.FindIn(value.ToString()) is null, $"{value.GetType()} prints its {secrets.FindIn(value.ToString())}: {value}");
        }

        var missing = typeof(Pairing).Assembly.GetExportedTypes()
            .Where(type => type is { IsInterface: false, IsAbstract: false, IsEnum: false })
            .Except(printed.Select(value => value.GetType()));
        Assert.Empty(missing); // a new public type comes here, too
    }
}

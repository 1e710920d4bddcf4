using System.Reflection;
using DeviceAuthorization.Rules;

namespace DeviceAuthorization.Tests;

/// <summary>Every event against every state. Alice holds what is claimed or decided, unless the state says otherwise.</summary>
public sealed class PairingRuleTests
{
    // What the words say. Of a decision: "unknown" NotFound, "decided" AlreadyDecided, "claimed", "matching", "approved" and "denied" the next
    // state, "held" no error and no change. Of a poll: "waits" is "pending" without a change, "pending", "slow", "refused" (access_denied), "expired", "invalid", "redeemed" the next state,
    // "again" no error and no change. Of the registration: "registered", or "nothing". Of a withdrawal: "gone", or "nothing".
    private const string Table = """
        state                     claim   claim-bob approve  approve-bob ask      ask-bob  deny    deny-bob match    match-wrong match-bob poll     poll-early poll-key poll-key2 poll-radio poll-radio-key poll-anon poll-anon-key register   void    release  withdraw
        pending                   claimed claimed   approved approved    matching matching denied  denied   unknown  unknown     unknown   pending  slow       pending  pending   invalid    invalid        invalid   invalid       nothing    voided  nothing  gone
        claimed                   held    unknown   approved unknown     matching unknown  denied  unknown  unknown  unknown     unknown   pending  slow       pending  pending   invalid    invalid        invalid   invalid       nothing    voided  released gone
        claimed-by-bob            unknown held      unknown  approved    unknown  matching unknown denied   unknown  unknown     unknown   pending  slow       pending  pending   invalid    invalid        invalid   invalid       nothing    voided  nothing  gone
        claim-lapsed              claimed claimed   approved approved    matching matching denied  denied   unknown  unknown     unknown   pending  slow       pending  pending   invalid    invalid        invalid   invalid       nothing    voided  nothing  gone
        approved                  decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   redeemed redeemed   redeemed redeemed  invalid    invalid        invalid   invalid       registered nothing nothing  gone
        matching                  decided unknown   decided  unknown     decided  unknown  denied  unknown  approved denied      unknown   waits    waits      waits    waits     invalid    invalid        invalid   invalid       nothing    voided  nothing  gone
        denied                    decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   refused  refused    refused  refused   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        withdrawn                 decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    invalid  invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        redeemed                  decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    again    invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        redeemed-long-ago         decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    invalid  invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        pending/expired           unknown unknown   unknown  unknown     unknown  unknown  unknown unknown  unknown  unknown     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        claimed/expired           unknown unknown   unknown  unknown     unknown  unknown  unknown unknown  unknown  unknown     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing released nothing
        claimed-by-bob/expired    unknown unknown   unknown  unknown     unknown  unknown  unknown unknown  unknown  unknown     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        claim-lapsed/expired      unknown unknown   unknown  unknown     unknown  unknown  unknown unknown  unknown  unknown     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        approved/expired          decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       registered nothing nothing  nothing
        matching/expired          unknown unknown   unknown  unknown     unknown  unknown  unknown unknown  unknown  unknown     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        denied/expired            decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        withdrawn/expired         decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        redeemed/expired          decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    again    invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        redeemed-long-ago/expired decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    invalid  invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        newer                     decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   invalid  invalid    invalid  invalid   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        newer/expired             decided unknown   decided  unknown     decided  unknown  decided unknown  decided  decided     unknown   expired  expired    expired  expired   invalid    invalid        invalid   invalid       nothing    nothing nothing  nothing
        """;

    private static readonly Device Telly = TestData.NewDevice() with { Name = "Den" };
    private static readonly DateTimeOffset Now = TestData.Start + TimeSpan.FromMinutes(5);
    private static readonly string Key = TestData.NewHash();
    private static readonly PairingGrant Grant = TestData.NewGrant();
    private static readonly Dictionary<string, Pairing> States = new[] { false, true }.SelectMany(StatesOf).ToDictionary(StringComparer.Ordinal);

    private static readonly Dictionary<string, Func<Pairing, string>> Events = new(StringComparer.Ordinal)
    {
        ["claim"] = state => Outcome(state, state.Claim("alice", Now)),
        ["claim-bob"] = state => Outcome(state, state.Claim("bob", Now)),
        ["approve"] = state => Outcome(state, state.Approve("alice", Grant, Now)),
        ["approve-bob"] = state => Outcome(state, state.Approve("bob", Grant, Now)),
        ["ask"] = state => Outcome(state, state.Approve("alice", Grant, Now, 42)),
        ["ask-bob"] = state => Outcome(state, state.Approve("bob", Grant, Now, 42)),
        ["deny"] = state => Outcome(state, state.Deny("alice", Now)),
        ["deny-bob"] = state => Outcome(state, state.Deny("bob", Now)),
        ["match"] = state => Outcome(state, state.Match("alice", 42, Now)),
        ["match-wrong"] = state => Outcome(state, state.Match("alice", 75, Now)),
        ["match-bob"] = state => Outcome(state, state.Match("bob", 42, Now)),
        ["poll"] = state => Outcome(state, state.PollError("tv", null, Now)),
        ["poll-early"] = state => Outcome(Early(state), Early(state).PollError("tv", null, Now)),
        ["poll-key"] = state => Outcome(state, state.PollError("tv", Key, Now)),
        ["poll-key2"] = state => Outcome(state, state.PollError("tv", TestData.NewHash(), Now)),
        ["poll-radio"] = state => Outcome(state, state.PollError("radio", null, Now)),
        ["poll-radio-key"] = state => Outcome(state, state.PollError("radio", Key, Now)),
        ["poll-anon"] = state => Outcome(state, state.PollError(null, null, Now)),
        ["poll-anon-key"] = state => Outcome(state, state.PollError(null, Key, Now)),
        ["register"] = state => state.Registered(Telly) is var next && ReferenceEquals(next, state) ? "nothing"
            : next == state with { Grant = state.Grant! with { DeviceId = Telly.Id, DeviceName = Telly.Name } } ? "registered" : "changed something else",
        ["void"] = state => state.Voided(Now) is var next && ReferenceEquals(next, state) ? "nothing"
            : next == state with { Status = PairingStatus.Denied, ApproverId = null, ClaimedUntil = null, Grant = null, MatchNumber = null } ? "voided" : "changed something else",
        ["withdraw"] = state => state.Withdraw(Now) is not { } next ? "nothing"
            : next == state with { Status = PairingStatus.Withdrawn, ClaimedUntil = null, Grant = null, MatchNumber = null } ? "gone" : "changed something else",
        ["release"] = state => state.Released("alice") is var next && ReferenceEquals(next, state) ? "nothing"
            : next == state with { ApproverId = null, ClaimedUntil = null } ? "released" : "changed something else",
    };

    private static readonly string[][] Cells = [.. Table.Split('\n').Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))];

    public static TheoryData<string, string, string> Rows()
    {
        var rows = new TheoryData<string, string, string>();
        foreach (var row in Cells.Skip(1))
        {
            foreach (var (name, expected) in Cells[0].Zip(row).Skip(1))
            {
                rows.Add(row[0], name, expected);
            }
        }

        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_event_in_every_state_has_the_outcome_of_the_table(string state, string @event, string expected) =>
        Assert.Equal(expected, Events[@event](States[state]));

    [Fact]
    public void The_table_is_complete()
    {
        Assert.Equal(Sorted(States.Keys), Sorted(Cells.Skip(1).Select(row => row[0])));
        Assert.Equal(Sorted(Events.Keys), Sorted(Cells[0].Skip(1)));
        Assert.All(Cells, row => Assert.Equal(Cells[0].Length, row.Length));
        foreach (var expired in new[] { false, true })
        {
            Assert.Equal(Enum.GetValues<PairingStatus>(), States.Values.Where(state => Now >= state.ExpiresAt == expired).Select(state => state.Status).Distinct().Where(Enum.IsDefined).Order());
        }
    }

    [Fact]
    public void Every_rule_that_moves_a_pairing_is_an_event_of_the_table()
    {
        var rules = typeof(Pairing).GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly)
            .Where(method => !method.IsPrivate)
            .Where(method => method.ReturnType == typeof(Pairing)
                || (method.ReturnType.IsGenericType && method.ReturnType.GetGenericArguments().Contains(typeof(Pairing))))
            .Select(method => method.Name)
            .Where(name => name != "<Clone>$");
        Assert.Equal("Approve Claim Deny Match Poll Registered Released Voided Withdraw", Sorted(rules));
    }

    [Theory]
    [InlineData("denied")]
    [InlineData("denied/expired")]
    [InlineData("withdrawn")]
    [InlineData("withdrawn/expired")]
    [InlineData("redeemed")]
    [InlineData("redeemed/expired")]
    [InlineData("redeemed-long-ago")]
    [InlineData("redeemed-long-ago/expired")]
    public void A_terminal_state_never_changes(string name)
    {
        var state = States[name];
        foreach (var user in new[] { "alice", "bob" })
        {
            Assert.Same(state, state.Claim(user, Now).Next);
            Assert.Same(state, state.Approve(user, Grant, Now).Next);
            Assert.Same(state, state.Match(user, 42, Now).Next);
            Assert.Same(state, state.Deny(user, Now).Next);
        }

        Assert.Same(state, state.PollError("tv", null, Now).Next);
        Assert.Same(state, state.PollError("tv", Key, Now).Next);
        Assert.Same(state, state.Registered(Telly));
        Assert.Null(state.Withdraw(Now));
    }

    [Fact]
    public void The_name_that_the_approver_chose_comes_before_the_reported_one()
    {
        var pending = States["pending"];
        Assert.Equal(pending.Device.Name, pending.DeviceName);
        Assert.Equal("Den", pending.Approve("alice", Grant with { DeviceName = "Den" }, Now).Next.DeviceName);
        Assert.Equal(pending.Device.Name, pending.Approve("alice", Grant with { DeviceName = null }, Now).Next.DeviceName);
    }

    [Fact]
    public void A_client_that_need_not_name_itself_may_and_another_may_not()
    {
        foreach (var (name, state) in States)
        {
            var open = state with { RequiresClientId = false };
            Assert.Equal(Outcome(open, open.PollError("tv", Key, Now)), Outcome(open, open.PollError(null, Key, Now)));
            Assert.Equal((PairingError.InvalidGrant, open), open.PollError("TV", Key, Now));
            Assert.True(open.BelongsTo(null) && !state.BelongsTo(null), name);
        }
    }

    private static IEnumerable<KeyValuePair<string, Pairing>> StatesOf(bool expired)
    {
        var pending = TestData.NewPairing() with { Version = 3, ExpiresAt = expired ? Now : Now + TimeSpan.FromMinutes(5) };
        var approved = pending with { Status = PairingStatus.Approved, ApproverId = "alice", Grant = Grant };
        var redeemed = approved with
        {
            Status = PairingStatus.Redeemed,
            Grant = Grant with { DeviceId = "d-0" },
            RedeemedAt = Now - TimeSpan.FromSeconds(59.999),
            IdempotencyKeyHash = Key,
        };
        (string Name, Pairing Pairing)[] states =
        [
            ("pending", pending),
            ("claimed", pending with { ApproverId = "alice", ClaimedUntil = Now + TimeSpan.FromSeconds(90) }),
            ("claimed-by-bob", pending with { ApproverId = "bob", ClaimedUntil = Now + TimeSpan.FromSeconds(90) }),
            ("claim-lapsed", pending with { ApproverId = "bob", ClaimedUntil = Now }),
            ("approved", approved),
            ("matching", approved with { Status = PairingStatus.Matching, MatchNumber = 42 }),
            ("newer", approved with { Status = (PairingStatus)99 }), // T-38: never approved
            ("denied", pending with { Status = PairingStatus.Denied, ApproverId = "alice" }),
            ("withdrawn", pending with { Status = PairingStatus.Withdrawn, ApproverId = "alice" }),
            ("redeemed", redeemed),
            ("redeemed-long-ago", redeemed with { RedeemedAt = Now - Pairing.RedeliveryWindow }),
        ];
        return states.Select(state => KeyValuePair.Create(expired ? state.Name + "/expired" : state.Name, state.Pairing));
    }

    private static string Sorted(IEnumerable<string> names) => string.Join(' ', names.Order(StringComparer.Ordinal));

    private static Pairing Early(Pairing state) => state with { Pacing = state.Pacing.Accepted(Now - TimeSpan.FromSeconds(1)) };

    /// <summary>The word for an outcome. A change that no word covers, or that touches more than the word says, is none of them.</summary>
    private static string Outcome(Pairing before, (DecisionError? Error, Pairing Next) outcome) => outcome switch
    {
        (DecisionError.NotFound, var next) when next == before => "unknown",
        (DecisionError.AlreadyDecided, var next) when next == before => "decided",
        (null, var next) when next == before => "held",
        (null, { Status: PairingStatus.Pending, ApproverId: { } user } next)
            when next == before with { ApproverId = user, ClaimedUntil = Now + Pairing.ClaimLifetime } => "claimed",
        (null, { Status: PairingStatus.Approved, ApproverId: { } user } next)
            when next == before with { Status = PairingStatus.Approved, ApproverId = user, ClaimedUntil = null, Grant = Grant, MatchNumber = null } => "approved",
        (null, { Status: PairingStatus.Matching, ApproverId: { } user } next)
            when next == before with { Status = PairingStatus.Matching, ApproverId = user, ClaimedUntil = null, Grant = Grant, MatchNumber = 42 } => "matching",
        (null, { Status: PairingStatus.Denied, ApproverId: { } user } next)
            when next == before with { Status = PairingStatus.Denied, ApproverId = user, ClaimedUntil = null, Grant = null, MatchNumber = null } => "denied",
        _ => $"{outcome}",
    };

    private static string Outcome(Pairing before, (PairingError? Error, Pairing Next) outcome) => outcome switch
    {
        (PairingError.InvalidGrant, var next) when next == before => "invalid",
        (PairingError.ExpiredToken, var next) when next == before => "expired",
        (PairingError.AccessDenied, var next) when next == before => "refused",
        (null, var next) when next == before => "again",
        (PairingError.AuthorizationPending, var next) when next == before => "waits",
        (PairingError.AuthorizationPending, var next) when next == before with { Pacing = before.Pacing.Accepted(Now) } => "pending",
        (PairingError.SlowDown, var next) when next == before with { Pacing = before.Pacing.SlowedDown() } => "slow",
        (null, var next) when next == before with { Status = PairingStatus.Redeemed, RedeemedAt = Now, IdempotencyKeyHash = next.IdempotencyKeyHash } => "redeemed",
        _ => $"{outcome}",
    };
}

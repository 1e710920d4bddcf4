namespace DeviceAuthorization.BlackBox;

/// <summary>
/// Devices start, and poll until their pairings, which live for one minute, have expired. It runs once for each store, beside the other tests, and
/// keeps the answers for <see cref="ExpiryTests"/>.
/// </summary>
internal sealed record ExpiryStory
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private const int Patience = 75;
    private const int Interval = 5;

    /// <summary>Row 63a: polls at 0, 1 and 6 seconds.</summary>
    public required string[] PollsAtSix { get; init; }

    /// <summary>Row 63b: polls at 0, 1, 11 and 17 seconds.</summary>
    public required string[] PollsAtEleven { get; init; }

    /// <summary>Row 67: what was answered to a device that nobody answered, in order, each once.</summary>
    public required string[] Pending { get; init; }

    public required string[] Denied { get; init; }

    /// <summary>Approved, and polled for the first time after the expiry.</summary>
    public required Answer Approved { get; init; }

    /// <summary>Row 68.</summary>
    public required Answer Purged { get; init; }

    /// <summary>Row 69: a used device code that comes back after a minute, and the token it had made before and after.</summary>
    public required (Answer Before, Answer Replay, Answer After) Replayed { get; init; }

    /// <summary>Row 81: an expired and an unknown code on the page.</summary>
    public required (Answer Expired, Answer Unknown) Entered { get; init; }

    /// <summary>Row 90: the decision on a review that was open when its code expired; and by the API.</summary>
    public required (Answer Page, Answer Api) LateApproval { get; init; }

    public static async Task<ExpiryStory> PlayAsync(Host host, Func<Task<Host>> forget)
    {
        var device = host.Client;
        var (alice, bob) = (await host.SignInAsync("alice"), await host.SignInAsync("bob"));
        var redeemed = await device.StartAsync();
        (await alice.ApproveAsync(redeemed)).Is(200);
        var token = (await device.PollAsync(redeemed)).Is(200).Text("access_token")!;
        var (denied, approved, entered, reviewed, six, eleven) = (
            await device.StartAsync(), await device.StartAsync(), await device.StartAsync(), await device.StartAsync(), await device.StartAsync(), await device.StartAsync());
        (await alice.DenyAsync(denied)).Is(200);
        (await alice.ApproveAsync(approved)).Is(200);
        var review = await alice.ReviewAsync(reviewed);
        var pending = await device.StartAsync(); // the last one: when it has expired, all have, and the token is a minute old

        var (atSix, atEleven, ofPending, ofDenied) = (new List<string>(), new List<string>(), new List<string>(), new List<string>());
        for (var second = 0; second < Patience && ofPending is not [.., "expired_token"]; second++)
        {
            if (second is 0 or 1 or 6)
            {
                atSix.Add(await device.StateAsync(six));
            }

            if (second is 0 or 1 or 11 or 17)
            {
                atEleven.Add(await device.StateAsync(eleven));
            }

            if (second % Interval == 0)
            {
                ofDenied.Add(await device.StateAsync(denied));
                ofPending.Add(await device.StateAsync(pending));
            }

            using var next = new PeriodicTimer(Second); // a new one each time: after a stall one that goes on would catch up, and poll too early
            await next.WaitForNextTickAsync();
        }

        return new ExpiryStory
        {
            PollsAtSix = [.. atSix],
            PollsAtEleven = [.. atEleven],
            Pending = [.. ofPending.Distinct(StringComparer.Ordinal)],
            Denied = [.. ofDenied.Distinct(StringComparer.Ordinal)],
            Approved = await device.PollAsync(approved),
            Replayed = (await device.WithBearerAsync(token), await device.PollAsync(redeemed), await device.WithBearerAsync(token)),
            Entered = (await bob.EnterAsync(entered.UserCode), await bob.EnterAsync("BBBB-BBBB")),
            LateApproval = (await alice.DecideAsync(review, "approve"), await alice.ApproveAsync(reviewed)),
            Purged = await (await forget()).Client.PollAsync(pending),
        };
    }
}

using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Devices;

/// <summary>The words for the endpoints of devices and of tokens. The scopes that they need are settings.</summary>
internal static class ManagementDescriptions
{
    private const string Devices = "Devices";
    private const string Tokens = "Client tokens";
    private static readonly DescribedAnswer NoDevice = Answers.Problem(404, "The caller has no such device.");
    private static readonly DescribedAnswer NoToken = Answers.Problem(404, "The caller has no such token.");
    private static readonly DescribedAnswer Conflict = new(409, typeof(RomMConflict), "`device_exists`: another device of the caller is recognised by the same.");

    public static readonly EndpointDescription Register = new(
        Devices, "Register a device", "Without pairing. One that is known, by its hardware address or else its host name and platform, is recognised.")
    {
        Body = typeof(DeviceRegistration),
        Answers =
        [
            new(201, typeof(DeviceCreateResponse), "Registered."),
            new(200, typeof(DeviceCreateResponse), "Recognised."),
            Answers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has as many devices as there may be."),
            .. Answers.Caller,
            Conflict,
            Answers.TooLarge(32),
            Answers.Unprocessable,
            Answers.Unavailable,
        ],
    };

    public static readonly EndpointDescription ListDevices = new(Devices, "List the caller's devices", "Secrets in their settings are masked.")
    {
        Answers = [new(200, typeof(DeviceSchema[]), "The devices."), Answers.BadRequest, .. Answers.Caller, Answers.Unavailable],
    };

    public static readonly EndpointDescription GetDevice = new(Devices, "Get a device", "Secrets in its settings are masked.")
    {
        Answers = [new(200, typeof(DeviceSchema), "The device."), Answers.BadRequest, .. Answers.Caller, NoDevice, Answers.Unavailable],
    };

    public static readonly EndpointDescription PutDevice = new(
        Devices, "Change a device", "Absent members are left alone, null clears. A mask that comes back in `sync_config` keeps the secret behind it.")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription PatchDevice = new(
        Devices, "Change a device and single settings of it", "As PUT, and `sync_config` is merged into what is stored (RFC 7396).")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription DeleteDevice = new(Devices, "Delete a device", "And revoke its tokens.")
    {
        Answers = [new(204, null, "Deleted."), Answers.BadRequest, .. Answers.Caller, NoDevice, Answers.Unavailable],
    };

    public static readonly EndpointDescription MakeToken = new(
        Tokens, "Make a token", "Bound to no device. It is shown in this answer and nowhere else. For people with a session.")
    {
        Body = typeof(TokenWanted),
        Answers =
        [
            new(201, typeof(ClientTokenSchema), "Made; `raw_token` is the token."),
            Answers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has as many tokens as there may be."),
            .. Answers.Caller,
            Answers.TooLarge(),
            Answers.Unprocessable,
            Answers.Unavailable,
        ],
    };

    public static readonly EndpointDescription ListTokens = new(Tokens, "List the caller's tokens", "Those of devices, too; without the tokens themselves.")
    {
        Answers = [new(200, typeof(ClientTokenSchema[]), "The tokens."), Answers.BadRequest, .. Answers.Caller, Answers.Unavailable],
    };

    public static readonly EndpointDescription ChangeToken = new(
        Tokens, "Change a live token", "Rename it, take scopes away, let it end sooner. For people with a session.")
    {
        Body = typeof(TokenChanges),
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "The token as it is now."),
            Answers.BadRequest,
            .. Answers.Caller,
            NoToken,
            Answers.TooLarge(),
            Answers.Unprocessable,
            Answers.Unavailable,
        ],
    };

    public static readonly EndpointDescription RenewToken = new(
        Tokens, "Give a token a new secret", "The old one is refused at once. For people with a session that has every scope of the token.")
    {
        Answers =
        [
            new(200, typeof(ClientTokenSchema), "Renewed; `raw_token` is the token."),
            Answers.BadRequest,
            .. Answers.Caller,
            NoToken,
            Answers.Unavailable,
        ],
    };

    public static readonly EndpointDescription RevokeToken = new(Tokens, "Revoke a token", "It is refused at once.")
    {
        Answers = [new(200, typeof(object), "Revoked; the body is null."), Answers.BadRequest, .. Answers.Caller, NoToken, Answers.Unavailable],
    };

    private static DescribedAnswer[] ChangedDevice() =>
    [
        new(200, typeof(DeviceSchema), "The device as it is now."),
        Answers.BadRequest,
        .. Answers.Caller,
        NoDevice,
        Conflict,
        Answers.TooLarge(32),
        Answers.Unprocessable,
        Answers.Unavailable,
    ];
}

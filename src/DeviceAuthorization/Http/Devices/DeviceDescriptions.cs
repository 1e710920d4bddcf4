using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Devices;

/// <summary>Describes the endpoints of devices for OpenAPI. The scopes that they need are settings.</summary>
internal static class DeviceDescriptions
{
    private const string Tag = "Devices";
    private static readonly DescribedAnswer NoDevice = DescribedAnswers.Problem(404, "The caller has no such device.");
    private static readonly DescribedAnswer Conflict = new(409, typeof(RomMConflict), "`device_exists`: another device of the caller is recognised by the same.");

    public static readonly EndpointDescription Register = new(
        Tag, "Register a device", "Without pairing. One that is known, by its hardware address or else its host name and platform, is recognised.")
    {
        Body = typeof(DeviceRegistration),
        Answers =
        [
            new(201, typeof(DeviceCreateResponse), "Registered."),
            new(200, typeof(DeviceCreateResponse), "Recognised."),
            DescribedAnswers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has as many devices as there may be."),
            .. DescribedAnswers.Caller,
            Conflict,
            DescribedAnswers.TooLarge(32),
            DescribedAnswers.Unprocessable,
            DescribedAnswers.Unavailable,
        ],
    };

    public static readonly EndpointDescription ListDevices = new(Tag, "List the caller's devices", "Secrets in their settings are masked.")
    {
        Answers = [new(200, typeof(DeviceSchema[]), "The devices."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, DescribedAnswers.Unavailable],
    };

    public static readonly EndpointDescription GetDevice = new(Tag, "Get a device", "Secrets in its settings are masked.")
    {
        Answers = [new(200, typeof(DeviceSchema), "The device."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoDevice, DescribedAnswers.Unavailable],
    };

    public static readonly EndpointDescription PutDevice = new(
        Tag, "Change a device", "Absent members are left alone, null clears. A mask that comes back in `sync_config` keeps the secret behind it.")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription PatchDevice = new(
        Tag, "Change a device and single settings of it", "As PUT, and `sync_config` is merged into what is stored (RFC 7396).")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription DeleteDevice = new(Tag, "Delete a device", "And revoke its tokens.")
    {
        Answers = [new(204, null, "Deleted."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoDevice, DescribedAnswers.Unavailable],
    };

    private static DescribedAnswer[] ChangedDevice() =>
    [
        new(200, typeof(DeviceSchema), "The device as it is now."),
        DescribedAnswers.BadRequest,
        .. DescribedAnswers.Caller,
        NoDevice,
        Conflict,
        DescribedAnswers.TooLarge(32),
        DescribedAnswers.Unprocessable,
        DescribedAnswers.Unavailable,
    ];
}

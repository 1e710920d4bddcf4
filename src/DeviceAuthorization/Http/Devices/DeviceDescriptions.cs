using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Http.Devices;

/// <summary>Describes the endpoints of devices for OpenAPI. The scopes that they require are settings of the host.</summary>
internal static class DeviceDescriptions
{
    private const string Tag = "Devices";
    private static readonly DescribedAnswer NoDevice = DescribedAnswers.Problem(404, "The caller has no such device.");
    private static readonly DescribedAnswer Conflict = new(409, typeof(RomMConflict), "`device_exists`: the caller has another device with the same hardware address, or the same host name and platform.");

    public static readonly EndpointDescription Register = new(
        Tag, "Register a device", "Registers a device without pairing. Recognises a known device by its hardware address, or else by its host name and platform.")
    {
        Body = typeof(DeviceRegistration),
        Answers =
        [
            new(201, typeof(DeviceCreateResponse), "Registered."),
            new(200, typeof(DeviceCreateResponse), "Recognised."),
            DescribedAnswers.Problem(400, "HTTPS is required, the Authorization header is malformed, or the user has reached the limit of devices."),
            .. DescribedAnswers.Caller,
            Conflict,
            DescribedAnswers.TooLarge(32),
            DescribedAnswers.Unprocessable,
            .. DescribedAnswers.Failed,
        ],
    };

    public static readonly EndpointDescription ListDevices = new(Tag, "List the caller's devices", "Masks secrets in their settings.")
    {
        Answers = [new(200, typeof(DeviceSchema[]), "The devices."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription OnlineDevices = new(Tag, "List which of the caller's devices are online", "Those that called lately: within the last 90 seconds, or as the host decides.")
    {
        Answers = [new(200, typeof(string[]), "Their ids."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription GetDevice = new(Tag, "Get a device", "Masks secrets in its settings.")
    {
        Answers = [new(200, typeof(DeviceSchema), "The device."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoDevice, .. DescribedAnswers.Failed],
    };

    public static readonly EndpointDescription PutDevice = new(
        Tag, "Change a device", "An absent member changes nothing; null clears the value. A mask sent back in `sync_config` keeps the stored secret.")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription PatchDevice = new(
        Tag, "Change a device and some of its settings", "As PUT, but merges `sync_config` and `capabilities` into the stored ones (RFC 7396).")
    {
        Body = typeof(DeviceProperties),
        Answers = ChangedDevice(),
    };

    public static readonly EndpointDescription DeleteDevice = new(Tag, "Delete a device", "Also revokes its tokens.")
    {
        Answers = [new(204, null, "Deleted."), DescribedAnswers.BadRequest, .. DescribedAnswers.Caller, NoDevice, .. DescribedAnswers.Failed],
    };

    private static DescribedAnswer[] ChangedDevice() =>
    [
        new(200, typeof(DeviceSchema), "The changed device."),
        DescribedAnswers.BadRequest,
        .. DescribedAnswers.Caller,
        NoDevice,
        Conflict,
        DescribedAnswers.TooLarge(32),
        DescribedAnswers.Unprocessable,
        .. DescribedAnswers.Failed,
    ];
}

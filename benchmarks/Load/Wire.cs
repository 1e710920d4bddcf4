using System.Text;
using DeviceAuthorization.Testing;

namespace DeviceAuthorization.Benchmarks;

internal static class Expected
{
    public const string Constant = """{"answer":"constant"}""";
}

/// <summary>The requests of one kind of host, as bytes.</summary>
internal abstract record Wire
{
    /// <summary>Asks the server to hold a poll as long as it does by default.</summary>
    public const string Wait = "Prefer: wait=25\r\n";

    public const string Client = "tv";
    public const string Scope = "library.read";

    public static readonly Wire Ours = new OfOurs();
    public static readonly Wire OpenIddict = new OfOpenIddict();

    public abstract byte[] Start();

    public abstract byte[] Poll(string deviceCode, string headers = "");

    public abstract byte[] Approve(string userCode, string user);

    /// <summary>The answer to an approval: its status and a piece of its body.</summary>
    public abstract (int Status, string Piece) Approved { get; }

    public static byte[] Call(string token) => Bytes($"GET {Server.Call} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");

    public static byte[] Form(string path, string form, string headers = "") => Post(path, "application/x-www-form-urlencoded", form, headers);

    private static byte[] StartAt(string path) => Form(path, $"client_id={Client}&scope={Scope}");

    private static byte[] PollAt(string path, string deviceCode, string headers) =>
        Form(path, $"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code&client_id={Client}&device_code={deviceCode}", headers);

    private static string By(string user) => $"{FakeApproverDefaults.UserHeader}: {user}\r\n";

    private static byte[] Post(string path, string type, string body, string headers) =>
        Bytes($"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Type: {type}\r\nContent-Length: {body.Length}\r\n\r\n{body}");

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private sealed record OfOurs : Wire
    {
        private const string Prefix = "/api/auth/device";

        public override (int Status, string Piece) Approved => (200, "device_id");

        public override byte[] Start() => StartAt($"{Prefix}/init");

        public override byte[] Poll(string deviceCode, string headers = "") => PollAt($"{Prefix}/token", deviceCode, headers);

        public override byte[] Approve(string userCode, string user) => Post(
            $"{Prefix}/approve", "application/json", $$"""{"user_code":"{{userCode}}","approved_scopes":["{{Scope}}"]}""", By(user));
    }

    private sealed record OfOpenIddict : Wire
    {
        public override (int Status, string Piece) Approved => (302, "");

        public override byte[] Start() => StartAt(Peer.Device);

        public override byte[] Poll(string deviceCode, string headers = "") => PollAt(Peer.Token, deviceCode, headers);

        public override byte[] Approve(string userCode, string user) => Form(Peer.Verification, $"user_code={userCode}", By(user));
    }
}

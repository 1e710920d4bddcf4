namespace DeviceAuthorization.Benchmarks;

/// <summary>A body that can be read once, as a real server's.</summary>
internal sealed class UnbufferedBody(byte[] bytes) : MemoryStream(bytes)
{
    public override bool CanSeek => false;
}

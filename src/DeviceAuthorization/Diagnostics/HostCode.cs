namespace DeviceAuthorization.Diagnostics;

/// <summary>
/// Notes in an exception which code of the host threw it, so that it is not taken for an outage of a store. The exception keeps its type and its
/// stack: the host's own handlers may look for it.
/// </summary>
internal static class HostCode
{
    private const string Key = "DeviceAuthorization.HostCode";

    /// <summary>For a filter that never catches: notes the name of what the host implements.</summary>
    public static bool Note(Exception exception, string name)
    {
        exception.Data[Key] ??= name;
        return false;
    }

    /// <summary>Which code of the host threw it; null if unknown.</summary>
    public static string? ThatThrew(Exception exception) => exception.Data[Key] as string;

    public static T Run<T>(string name, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception exception) when (Note(exception, name))
        {
            throw;
        }
    }

    public static async ValueTask RunAsync(string name, Func<ValueTask> call)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (Exception exception) when (Note(exception, name))
        {
            throw;
        }
    }

    public static async ValueTask<T> RunAsync<T>(string name, Func<ValueTask<T>> call)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (Exception exception) when (Note(exception, name))
        {
            throw;
        }
    }
}

using System.Security.Cryptography;

namespace DeviceAuthorization.Client;

/// <summary>
/// Keeps a secret in a file that only its owner can read: mode 0600, in a directory that is created with 0700 if it is missing. On Windows the file has
/// the access rights of its directory, so choose one in the user's profile. The text is not encrypted.
/// </summary>
/// <param name="path">The file.</param>
public sealed class FileSecretStore(string path) : ISecretStore
{
    private readonly string _path = Path.GetFullPath(path);

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be read.</exception>
    public async Task<string?> ReadAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            return await File.ReadAllTextAsync(_path, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be written. The old text is still there.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be written. The old text is still there.</exception>
    public async Task WriteAsync(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        var directory = Path.GetDirectoryName(_path)!;
        var file = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Options = FileOptions.Asynchronous };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            file.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite; // from the first moment, not after a chmod
        }

        var unfinished = $"{_path}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp";
        try
        {
            var stream = new FileStream(unfinished, file);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true); // before the rename: a power cut must not leave an empty file
            }

            File.Move(unfinished, _path, overwrite: true);
        }
        catch
        {
            File.Delete(unfinished);
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="IOException">The file cannot be removed.</exception>
    /// <exception cref="UnauthorizedAccessException">The file cannot be removed.</exception>
    public Task DeleteAsync(CancellationToken cancellationToken = default)
    {
        if (File.Exists(_path))
        {
            File.Delete(_path);
        }

        return Task.CompletedTask;
    }
}

namespace DeviceAuthorization.Tests;

public sealed class SecretKeysTests
{
    [Theory]
    [InlineData("ssh_password")]
    [InlineData("sshPassword")]
    [InlineData("SSH-Password")]
    [InlineData("S.S.H password")]
    [InlineData("ssh\u200bpassword")]
    [InlineData("ssh_key_path")]
    [InlineData("SshKeyPath")]
    [InlineData("password")]
    [InlineData("password2")]
    [InlineData("old_password_hash")]
    [InlineData("ssh_passphrase")]
    [InlineData("smb_passwd")]
    [InlineData("api_key")]
    [InlineData("X-API-Key")]
    [InlineData("private_key")]
    [InlineData("private_key_path")]
    [InlineData("access_token")]
    [InlineData("refreshTokens")]
    [InlineData("client_secret")]
    [InlineData("credentials")]
    [InlineData("romm_token")]
    [InlineData("token1")]
    [InlineData("nas_pass")]
    [InlineData("PWD")]
    [InlineData("Authorization")]
    [InlineData("pin")]
    [InlineData("password_required_password")]
    public void A_key_that_names_a_secret_is_secret_however_it_is_spelled(string key) =>
        Assert.True(SecretKeys.Default.IsSecret(key));

    [Theory]
    [InlineData("ssh_host")]
    [InlineData("ssh_port")]
    [InlineData("ssh_user")]
    [InlineData("save_directories")]
    [InlineData("public_key")]
    [InlineData("keyboard")]
    [InlineData("hotkey")]
    [InlineData("key_path")]
    [InlineData("token_count")]
    [InlineData("tokenizer")]
    [InlineData("password_required")]
    [InlineData("passwordless")]
    [InlineData("access_token_expires_at")]
    [InlineData("bypass")]
    [InlineData("pass_through")]
    [InlineData("pinball")]
    [InlineData("mapping")]
    [InlineData("author")]
    [InlineData("cookie_policy")]
    [InlineData("")]
    [InlineData("2")]
    public void A_key_that_only_resembles_one_stays_readable(string key) =>
        Assert.False(SecretKeys.Default.IsSecret(key));

    [Fact]
    public void A_host_adds_whole_keys_in_any_spelling_and_loses_none()
    {
        var keys = SecretKeys.Default.With("retro_id", "Cloud-Seed").With(new List<string> { "third" });

        Assert.True(keys.IsSecret("RetroId"));
        Assert.True(keys.IsSecret("cloud_seed"));
        Assert.True(keys.IsSecret("third"));
        Assert.True(keys.IsSecret("ssh_password"));
        Assert.False(keys.IsSecret("retro_identity"));
        Assert.False(SecretKeys.Default.IsSecret("retro_id"));
    }

    [Fact]
    public void A_host_can_make_secret_what_the_built_in_keys_leave_readable() =>
        Assert.True(SecretKeys.Default.With("password_required").IsSecret("passwordRequired"));

    [Theory]
    [InlineData("")]
    [InlineData("--")]
    [InlineData("пароль")]
    public void A_key_that_could_never_match_is_refused(string key) =>
        Assert.Throws<ArgumentException>(() => SecretKeys.Default.With(key));
}

using System.Collections.Concurrent;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Identity;

namespace DeviceAuthorization.Tests;

/// <summary>The accounts of a host with ASP.NET Core Identity, in memory.</summary>
internal sealed class TestAccounts : IUserPasswordStore<IdentityUser>, IUserSecurityStampStore<IdentityUser>, IRoleStore<IdentityRole>
{
    private readonly ConcurrentDictionary<string, IdentityUser> _users = new(StringComparer.Ordinal);

    /// <summary>Adds the accounts, for Identity to work with.</summary>
    public static IServiceCollection AddTo(IServiceCollection services)
    {
        var accounts = new TestAccounts();
        return services.AddSingleton<IUserStore<IdentityUser>>(accounts).AddSingleton<IRoleStore<IdentityRole>>(accounts);
    }

    /// <summary>Pages that sign people in, and change their accounts.</summary>
    public static void Map(WebApplication app)
    {
        app.MapGet("/identity/sign-in/{user}", async (string user, SignInManager<IdentityUser> signIn) =>
        {
            await signIn.SignInAsync(await FindOrAddAsync(signIn.UserManager, user), isPersistent: false);
        });
        app.MapGet("/identity/sign-in/{user}/by/{provider}", async (string user, string provider, SignInManager<IdentityUser> signIn) =>
        {
            await signIn.SignInAsync(await FindOrAddAsync(signIn.UserManager, user), isPersistent: false, provider); // as ExternalLoginSignInAsync does
        });
        app.MapGet("/identity/sign-in/{user}/at/{authTime}", async (string user, string authTime, SignInManager<IdentityUser> signIn) =>
        {
            var properties = new AuthenticationProperties { Items = { ["auth_time"] = authTime } };
            await signIn.SignInWithClaimsAsync(await FindOrAddAsync(signIn.UserManager, user), properties, []); // as docs/pages.md says
        });
        app.MapGet("/identity/refresh/{user}", async (string user, SignInManager<IdentityUser> signIn) =>
        {
            await signIn.RefreshSignInAsync(await FindOrAddAsync(signIn.UserManager, user));
        });
    }

    public Task<string> GetUserIdAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.Id);

    public Task<string?> GetUserNameAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.UserName);

    public Task SetUserNameAsync(IdentityUser user, string? userName, CancellationToken cancellationToken) => SetAsync(() => user.UserName = userName);

    public Task<string?> GetNormalizedUserNameAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.NormalizedUserName);

    public Task SetNormalizedUserNameAsync(IdentityUser user, string? normalizedName, CancellationToken cancellationToken) => SetAsync(() => user.NormalizedUserName = normalizedName);

    public Task<IdentityResult> CreateAsync(IdentityUser user, CancellationToken cancellationToken)
    {
        _users[user.Id] = user;
        return Task.FromResult(IdentityResult.Success);
    }

    public Task<IdentityResult> UpdateAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(IdentityResult.Success);

    public Task<IdentityResult> DeleteAsync(IdentityUser user, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<IdentityUser?> IUserStore<IdentityUser>.FindByIdAsync(string userId, CancellationToken cancellationToken) => Task.FromResult(_users.GetValueOrDefault(userId));

    Task<IdentityUser?> IUserStore<IdentityUser>.FindByNameAsync(string normalizedUserName, CancellationToken cancellationToken) =>
        Task.FromResult(_users.Values.FirstOrDefault(user => user.NormalizedUserName == normalizedUserName));

    public Task SetPasswordHashAsync(IdentityUser user, string? passwordHash, CancellationToken cancellationToken) => SetAsync(() => user.PasswordHash = passwordHash);

    public Task<string?> GetPasswordHashAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash);

    public Task<bool> HasPasswordAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.PasswordHash is not null);

    public Task SetSecurityStampAsync(IdentityUser user, string stamp, CancellationToken cancellationToken) => SetAsync(() => user.SecurityStamp = stamp);

    public Task<string?> GetSecurityStampAsync(IdentityUser user, CancellationToken cancellationToken) => Task.FromResult(user.SecurityStamp);

    public Task<string> GetRoleIdAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> GetRoleNameAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetRoleNameAsync(IdentityRole role, string? roleName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<string?> GetNormalizedRoleNameAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task SetNormalizedRoleNameAsync(IdentityRole role, string? normalizedName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> CreateAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> UpdateAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<IdentityResult> DeleteAsync(IdentityRole role, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<IdentityRole?> IRoleStore<IdentityRole>.FindByIdAsync(string roleId, CancellationToken cancellationToken) => throw new NotSupportedException();

    Task<IdentityRole?> IRoleStore<IdentityRole>.FindByNameAsync(string normalizedRoleName, CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private static async Task<IdentityUser> FindOrAddAsync(UserManager<IdentityUser> users, string name)
    {
        if (await users.FindByNameAsync(name) is { } known)
        {
            return known;
        }

        var user = new IdentityUser(name) { Id = name };
        Assert.True((await users.CreateAsync(user)).Succeeded);
        return user;
    }

    private static Task SetAsync(Action set)
    {
        set();
        return Task.CompletedTask;
    }
}

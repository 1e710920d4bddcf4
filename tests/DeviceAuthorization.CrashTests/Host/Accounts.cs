using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Identity;
using Microsoft.AspNetCore.Identity.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;

namespace DeviceAuthorization.CrashTests;

/// <summary>The accounts of ASP.NET Core Identity, with the setting <c>Accounts=identity</c>.</summary>
internal sealed class Accounts(DbContextOptions<Accounts> options) : IdentityDbContext(options)
{
    public const string Stamp = "alices-stamp";

    /// <summary>Creates the tables beside those of the stores, and an account.</summary>
    public static async Task CreateAsync(string connection, string user)
    {
        await using var context = new Accounts(new DbContextOptionsBuilder<Accounts>().UseNpgsql(connection).Options);
        await context.GetService<IRelationalDatabaseCreator>().CreateTablesAsync();
        context.Users.Add(new IdentityUser(user) { Id = user, SecurityStamp = Stamp });
        await context.SaveChangesAsync();
    }
}

/// <summary>Gives the sign-in of tests what Identity's cookie has: the stamp, which each request of a person compares.</summary>
internal sealed class StampOfIdentity : IClaimsTransformation
{
    private static readonly string Type = new ClaimsIdentityOptions().SecurityStampClaimType;

    public Task<ClaimsPrincipal> TransformAsync(ClaimsPrincipal principal)
    {
        if (!principal.HasClaim(claim => claim.Type == Type))
        {
            principal.AddIdentity(new ClaimsIdentity([new Claim(Type, Accounts.Stamp)]));
        }

        return Task.FromResult(principal);
    }
}

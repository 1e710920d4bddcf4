using Microsoft.EntityFrameworkCore;

namespace DeviceAuthorization.TestKit;

/// <summary>A host's own context: something of its own, and the tables of device pairing.</summary>
public sealed class HostContext(DbContextOptions<HostContext> options) : DbContext(options)
{
    public DbSet<Game> Games => Set<Game>();

    protected override void OnModelCreating(ModelBuilder modelBuilder) => modelBuilder.UseDeviceAuthorization();
}

public sealed class Game
{
    public int Id { get; set; }

    public required string Name { get; set; }
}

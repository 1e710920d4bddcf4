using DeviceAuthorization;
using DeviceAuthorization.EntityFramework;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

#pragma warning disable IDE0130 // extension methods sit where users look

namespace Microsoft.EntityFrameworkCore;

/// <summary>Adds the tables of device pairing to a host's model.</summary>
public static class DeviceAuthorizationModelBuilderExtensions
{
    /// <summary>
    /// Adds the tables <c>DevicePairings</c>, <c>PairedDevices</c>, <c>DeviceTokens</c>, <c>DeviceTokenOwners</c> and
    /// <c>DeviceAuthorizationLeases</c>. Call it in <c>OnModelCreating</c>, and add a migration to the host.
    /// </summary>
    /// <param name="schema">The schema of the tables; by default that of the model.</param>
    /// <param name="collation">
    /// A collation that distinguishes all texts, for the ids and codes that are compared. Needed if the database's own does not:
    /// <c>Latin1_General_100_BIN2</c> in SQL Server. PostgreSQL and SQLite need none.
    /// </param>
    public static ModelBuilder UseDeviceAuthorization(this ModelBuilder model, string? schema = null, string? collation = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var tables = new Tables(schema, collation);
        return model
            .Entity<PairingRow>(tables.Pairings)
            .Entity<DeviceRow>(tables.Devices)
            .Entity<TokenRow>(tables.Tokens)
            .Entity<TokenOwnerRow>(tables.Owners)
            .Entity<LeaseRow>(tables.Leases);
    }

    /// <summary>Sets a length, or none, on every text: a host may set one for all its texts (<c>Properties&lt;string&gt;().HaveMaxLength(…)</c>).</summary>
    private sealed class Tables(string? schema, string? collation)
    {
        private const int Hash = 64;
        private const int Id = 64;
        private const int UserId = 255;
        private const int Long = 255;
        private const int Client = 128;
        private const int Short = 50;
        private const int Word = 16;
        private const int Stamp = 22;
        private const int TraceParent = 55;
        private const int Address = 64; // 45, plus the zone of a link-local address

        public void Pairings(EntityTypeBuilder<PairingRow> table)
        {
            table.ToTable("DevicePairings", schema).HasKey(row => row.Id);
            table.Property(row => row.Id).ValueGeneratedNever();
            Exact(table.Property(row => row.DeviceCodeHash), Hash);
            Exact(table.Property(row => row.UserCodeHash), Hash);
            Exact(table.Property(row => row.ClientId), Client);
            Unbounded(table.Property(row => row.RequestedScopes));
            table.Property(row => row.ReportedName).HasMaxLength(Long);
            table.Property(row => row.ReportedPlatform).HasMaxLength(Short);
            table.Property(row => row.ReportedClientVersion).HasMaxLength(Short);
            table.Property(row => row.ReportedIdentifier).HasMaxLength(Long);
            table.Property(row => row.ReportedAddress).HasMaxLength(Address);
            table.Property(row => row.Status).HasConversion<string>().HasMaxLength(Word);
            table.Property(row => row.ApproverId).HasMaxLength(UserId);
            Unbounded(table.Property(row => row.GrantedScopes));
            table.Property(row => row.GrantedDeviceName).HasMaxLength(Long);
            table.Property(row => row.TokenSalt).HasMaxLength(64);
            table.Property(row => row.DeviceId).HasMaxLength(Id);
            table.Property(row => row.TraceParent).HasMaxLength(TraceParent);
            table.Property(row => row.GrantedAccountStamp).HasMaxLength(Stamp);
            table.Property(row => row.IdempotencyKeyHash).HasMaxLength(Hash);
            table.Property(row => row.RedeemedFrom).HasMaxLength(Address);
            table.HasIndex(row => row.DeviceCodeHash).IsUnique();
            table.HasIndex(row => row.UserCodeHash).IsUnique();
            table.HasIndex(row => row.ExpiresAt);
        }

        public void Devices(EntityTypeBuilder<DeviceRow> table)
        {
            table.ToTable("PairedDevices", schema).HasKey(row => row.Id);
            Exact(table.Property(row => row.Id).ValueGeneratedNever(), Id);
            Exact(table.Property(row => row.UserId), UserId);
            table.Property(row => row.Name).HasMaxLength(Long);
            table.Property(row => row.Platform).HasMaxLength(Short);
            table.Property(row => row.Client).HasMaxLength(Client);
            table.Property(row => row.ClientVersion).HasMaxLength(Short);
            table.Property(row => row.IpAddress).HasMaxLength(45);
            table.Property(row => row.MacAddress).HasMaxLength(17);
            table.Property(row => row.Hostname).HasMaxLength(Long);
            Exact(table.Property(row => row.ClientDeviceIdentifier), Long);
            Exact(table.Property(row => row.Fingerprint), 320); // "host:", a host name, a line feed, a platform
            table.Property(row => row.SyncMode).HasConversion<string>().HasMaxLength(Word);
            Unbounded(table.Property(row => row.SyncConfig));
            Unbounded(table.Property(row => row.Capabilities));
            table.HasIndex(row => new { row.UserId, row.ClientDeviceIdentifier }).IsUnique();
            table.HasIndex(row => new { row.UserId, row.Fingerprint }).IsUnique();
        }

        public void Tokens(EntityTypeBuilder<TokenRow> table)
        {
            table.ToTable("DeviceTokens", schema).HasKey(row => row.Id);
            table.Property(row => row.Id).ValueGeneratedNever();
            Exact(table.Property(row => row.UserId), UserId);
            Exact(table.Property(row => row.DeviceId), Id);
            table.Property(row => row.ClientId).HasMaxLength(Client);
            table.Property(row => row.StartedFrom).HasMaxLength(Address);
            table.Property(row => row.AccountStamp).HasMaxLength(Stamp);
            Exact(table.Property(row => row.Hash), Hash);
            table.Property(row => row.Name).HasMaxLength(Long);
            Unbounded(table.Property(row => row.Scopes));
            table.HasOne<DeviceRow>().WithMany().HasForeignKey(row => row.DeviceId).OnDelete(DeleteBehavior.SetNull);
            table.HasIndex(row => row.Hash).IsUnique();
            table.HasIndex(row => row.PairingId).IsUnique();
            table.HasIndex(row => row.UserId);
            table.HasIndex(row => row.RevokedAt);
        }

        public void Owners(EntityTypeBuilder<TokenOwnerRow> table)
        {
            table.ToTable("DeviceTokenOwners", schema).HasKey(row => row.UserId);
            Exact(table.Property(row => row.UserId).ValueGeneratedNever(), UserId);
        }

        public void Leases(EntityTypeBuilder<LeaseRow> table)
        {
            table.ToTable("DeviceAuthorizationLeases", schema).HasKey(row => row.Name);
            table.Property(row => row.Name).ValueGeneratedNever().HasMaxLength(Id);
        }

        private static void Unbounded<T>(PropertyBuilder<T> text) => text.Metadata.SetMaxLength(null);

        private void Exact<T>(PropertyBuilder<T> text, int length)
        {
            text.HasMaxLength(length);
            if (collation is not null)
            {
                text.UseCollation(collation);
            }
        }
    }
}

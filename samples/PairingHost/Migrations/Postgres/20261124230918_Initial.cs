using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "DeviceAuthorizationLeases",
                columns: table => new
                {
                    Name = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    Until = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceAuthorizationLeases", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "DevicePairings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    DeviceCodeHash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    UserCodeHash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    ClientId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: false),
                    RequiresClientId = table.Column<bool>(type: "boolean", nullable: false),
                    RequestedScopes = table.Column<string>(type: "text", nullable: false),
                    ReportedName = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    ReportedPlatform = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true),
                    ReportedClientVersion = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true),
                    ReportedIdentifier = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    ReportedAddress = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    CanShowNumber = table.Column<bool>(type: "boolean", nullable: false),
                    CreatedAt = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresAt = table.Column<long>(type: "bigint", nullable: false),
                    PollInterval = table.Column<long>(type: "bigint", nullable: false),
                    PollDueAt = table.Column<long>(type: "bigint", nullable: false),
                    IsSlowed = table.Column<bool>(type: "boolean", nullable: false),
                    PollWriteId = table.Column<Guid>(type: "uuid", nullable: false),
                    Status = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    ApproverId = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    ClaimedUntil = table.Column<long>(type: "bigint", nullable: true),
                    GrantedScopes = table.Column<string>(type: "text", nullable: true),
                    GrantedDeviceName = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    GrantedAsNewDevice = table.Column<bool>(type: "boolean", nullable: false),
                    TokenExpiresAt = table.Column<long>(type: "bigint", nullable: true),
                    TokenSalt = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    DeviceId = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    MatchNumber = table.Column<int>(type: "integer", nullable: true),
                    RedeemedAt = table.Column<long>(type: "bigint", nullable: true),
                    IdempotencyKeyHash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    Version = table.Column<long>(type: "bigint", nullable: false),
                    WriteId = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DevicePairings", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "DeviceTokenOwners",
                columns: table => new
                {
                    UserId = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    Turn = table.Column<long>(type: "bigint", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceTokenOwners", x => x.UserId);
                });

            migrationBuilder.CreateTable(
                name: "PairedDevices",
                columns: table => new
                {
                    Id = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    UserId = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    Name = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    Platform = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true),
                    Client = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    ClientVersion = table.Column<string>(type: "character varying(50)", maxLength: 50, nullable: true),
                    IpAddress = table.Column<string>(type: "character varying(45)", maxLength: 45, nullable: true),
                    MacAddress = table.Column<string>(type: "character varying(17)", maxLength: 17, nullable: true),
                    Hostname = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    ClientDeviceIdentifier = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: true),
                    Fingerprint = table.Column<string>(type: "character varying(320)", maxLength: 320, nullable: true),
                    SyncMode = table.Column<string>(type: "character varying(16)", maxLength: 16, nullable: false),
                    SyncEnabled = table.Column<bool>(type: "boolean", nullable: false),
                    SyncConfig = table.Column<string>(type: "text", nullable: true),
                    LastSeenAt = table.Column<long>(type: "bigint", nullable: true),
                    CreatedAt = table.Column<long>(type: "bigint", nullable: false),
                    UpdatedAt = table.Column<long>(type: "bigint", nullable: false),
                    Version = table.Column<long>(type: "bigint", nullable: false),
                    WriteId = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_PairedDevices", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "DeviceTokens",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "uuid", nullable: false),
                    UserId = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    DeviceId = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: true),
                    IsBound = table.Column<bool>(type: "boolean", nullable: false),
                    PairingId = table.Column<Guid>(type: "uuid", nullable: true),
                    ClientId = table.Column<string>(type: "character varying(128)", maxLength: 128, nullable: true),
                    Hash = table.Column<string>(type: "character varying(64)", maxLength: 64, nullable: false),
                    Name = table.Column<string>(type: "character varying(255)", maxLength: 255, nullable: false),
                    Scopes = table.Column<string>(type: "text", nullable: false),
                    CreatedAt = table.Column<long>(type: "bigint", nullable: false),
                    ExpiresAt = table.Column<long>(type: "bigint", nullable: true),
                    LastUsedAt = table.Column<long>(type: "bigint", nullable: true),
                    RevokedAt = table.Column<long>(type: "bigint", nullable: true),
                    Version = table.Column<long>(type: "bigint", nullable: false),
                    WriteId = table.Column<Guid>(type: "uuid", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceTokens", x => x.Id);
                    table.ForeignKey(
                        name: "FK_DeviceTokens_PairedDevices_DeviceId",
                        column: x => x.DeviceId,
                        principalTable: "PairedDevices",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.SetNull);
                });

            migrationBuilder.CreateIndex(
                name: "IX_DevicePairings_DeviceCodeHash",
                table: "DevicePairings",
                column: "DeviceCodeHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_DevicePairings_ExpiresAt",
                table: "DevicePairings",
                column: "ExpiresAt");

            migrationBuilder.CreateIndex(
                name: "IX_DevicePairings_UserCodeHash",
                table: "DevicePairings",
                column: "UserCodeHash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_DeviceTokens_DeviceId",
                table: "DeviceTokens",
                column: "DeviceId");

            migrationBuilder.CreateIndex(
                name: "IX_DeviceTokens_Hash",
                table: "DeviceTokens",
                column: "Hash",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_DeviceTokens_PairingId",
                table: "DeviceTokens",
                column: "PairingId",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_DeviceTokens_RevokedAt",
                table: "DeviceTokens",
                column: "RevokedAt");

            migrationBuilder.CreateIndex(
                name: "IX_DeviceTokens_UserId",
                table: "DeviceTokens",
                column: "UserId");

            migrationBuilder.CreateIndex(
                name: "IX_PairedDevices_UserId_ClientDeviceIdentifier",
                table: "PairedDevices",
                columns: new[] { "UserId", "ClientDeviceIdentifier" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_PairedDevices_UserId_Fingerprint",
                table: "PairedDevices",
                columns: new[] { "UserId", "Fingerprint" },
                unique: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "DeviceAuthorizationLeases");

            migrationBuilder.DropTable(
                name: "DevicePairings");

            migrationBuilder.DropTable(
                name: "DeviceTokenOwners");

            migrationBuilder.DropTable(
                name: "DeviceTokens");

            migrationBuilder.DropTable(
                name: "PairedDevices");
        }
    }
}

using System;
using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace IdentityHost.Data.Migrations
{
    /// <inheritdoc />
    public partial class AddDevicePairing : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "DeviceAuthorizationLeases",
                columns: table => new
                {
                    Name = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Until = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceAuthorizationLeases", x => x.Name);
                });

            migrationBuilder.CreateTable(
                name: "DevicePairings",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    DeviceCodeHash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    UserCodeHash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    ClientId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: false),
                    RequiresClientId = table.Column<bool>(type: "INTEGER", nullable: false),
                    RequestedScopes = table.Column<string>(type: "TEXT", nullable: false),
                    ReportedName = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    ReportedPlatform = table.Column<string>(type: "TEXT", maxLength: 50, nullable: true),
                    ReportedClientVersion = table.Column<string>(type: "TEXT", maxLength: 50, nullable: true),
                    ReportedIdentifier = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    ReportedAddress = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    CanShowNumber = table.Column<bool>(type: "INTEGER", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    TraceParent = table.Column<string>(type: "TEXT", maxLength: 55, nullable: true),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: false),
                    PollInterval = table.Column<long>(type: "INTEGER", nullable: false),
                    PollDueAt = table.Column<long>(type: "INTEGER", nullable: false),
                    IsSlowed = table.Column<bool>(type: "INTEGER", nullable: false),
                    PollWriteId = table.Column<Guid>(type: "TEXT", nullable: false),
                    Status = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    ApproverId = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    ClaimedUntil = table.Column<long>(type: "INTEGER", nullable: true),
                    IsSuspected = table.Column<bool>(type: "INTEGER", nullable: true),
                    GrantedScopes = table.Column<string>(type: "TEXT", nullable: true),
                    GrantedDeviceName = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    GrantedAsNewDevice = table.Column<bool>(type: "INTEGER", nullable: false),
                    TokenExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    TokenSalt = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    DeviceId = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    GrantedSignOuts = table.Column<long>(type: "INTEGER", nullable: true),
                    GrantedAccountStamp = table.Column<string>(type: "TEXT", maxLength: 22, nullable: true),
                    MatchNumber = table.Column<int>(type: "INTEGER", nullable: true),
                    RedeemedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    IdempotencyKeyHash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    RedeemedFrom = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false),
                    WriteId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DevicePairings", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "DeviceTokenOwners",
                columns: table => new
                {
                    UserId = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Turn = table.Column<long>(type: "INTEGER", nullable: false),
                    SignOuts = table.Column<long>(type: "INTEGER", nullable: true)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_DeviceTokenOwners", x => x.UserId);
                });

            migrationBuilder.CreateTable(
                name: "PairedDevices",
                columns: table => new
                {
                    Id = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    UserId = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Platform = table.Column<string>(type: "TEXT", maxLength: 50, nullable: true),
                    Client = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    ClientVersion = table.Column<string>(type: "TEXT", maxLength: 50, nullable: true),
                    IpAddress = table.Column<string>(type: "TEXT", maxLength: 45, nullable: true),
                    MacAddress = table.Column<string>(type: "TEXT", maxLength: 17, nullable: true),
                    Hostname = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    ClientDeviceIdentifier = table.Column<string>(type: "TEXT", maxLength: 255, nullable: true),
                    Fingerprint = table.Column<string>(type: "TEXT", maxLength: 320, nullable: true),
                    SyncMode = table.Column<string>(type: "TEXT", maxLength: 16, nullable: false),
                    SyncEnabled = table.Column<bool>(type: "INTEGER", nullable: false),
                    SyncConfig = table.Column<string>(type: "TEXT", nullable: true),
                    Capabilities = table.Column<string>(type: "TEXT", nullable: true),
                    LastSeenAt = table.Column<long>(type: "INTEGER", nullable: true),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    UpdatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    Version = table.Column<long>(type: "INTEGER", nullable: false),
                    WriteId = table.Column<Guid>(type: "TEXT", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_PairedDevices", x => x.Id);
                });

            migrationBuilder.CreateTable(
                name: "DeviceTokens",
                columns: table => new
                {
                    Id = table.Column<Guid>(type: "TEXT", nullable: false),
                    UserId = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    DeviceId = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    IsBound = table.Column<bool>(type: "INTEGER", nullable: false),
                    PairingId = table.Column<Guid>(type: "TEXT", nullable: true),
                    ClientId = table.Column<string>(type: "TEXT", maxLength: 128, nullable: true),
                    StartedFrom = table.Column<string>(type: "TEXT", maxLength: 64, nullable: true),
                    AccountStamp = table.Column<string>(type: "TEXT", maxLength: 22, nullable: true),
                    Hash = table.Column<string>(type: "TEXT", maxLength: 64, nullable: false),
                    Name = table.Column<string>(type: "TEXT", maxLength: 255, nullable: false),
                    Scopes = table.Column<string>(type: "TEXT", nullable: false),
                    CreatedAt = table.Column<long>(type: "INTEGER", nullable: false),
                    ExpiresAt = table.Column<long>(type: "INTEGER", nullable: true),
                    LastUsedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    RevokedAt = table.Column<long>(type: "INTEGER", nullable: true),
                    Version = table.Column<long>(type: "INTEGER", nullable: false),
                    WriteId = table.Column<Guid>(type: "TEXT", nullable: false)
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

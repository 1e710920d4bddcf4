using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class AccountStamp : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "AccountStamp",
                table: "DeviceTokens",
                type: "TEXT",
                maxLength: 22,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "GrantedAccountStamp",
                table: "DevicePairings",
                type: "TEXT",
                maxLength: 22,
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "IsSuspected",
                table: "DevicePairings",
                type: "INTEGER",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "AccountStamp",
                table: "DeviceTokens");

            migrationBuilder.DropColumn(
                name: "GrantedAccountStamp",
                table: "DevicePairings");

            migrationBuilder.DropColumn(
                name: "IsSuspected",
                table: "DevicePairings");
        }
    }
}

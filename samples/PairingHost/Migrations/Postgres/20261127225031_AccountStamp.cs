using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Postgres
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
                type: "character varying(22)",
                maxLength: 22,
                nullable: true);

            migrationBuilder.AddColumn<string>(
                name: "GrantedAccountStamp",
                table: "DevicePairings",
                type: "character varying(22)",
                maxLength: 22,
                nullable: true);

            migrationBuilder.AddColumn<bool>(
                name: "IsSuspected",
                table: "DevicePairings",
                type: "boolean",
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

using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class SignOuts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "StartedFrom",
                table: "DeviceTokens",
                type: "character varying(64)",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SignOuts",
                table: "DeviceTokenOwners",
                type: "bigint",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "GrantedSignOuts",
                table: "DevicePairings",
                type: "bigint",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "StartedFrom",
                table: "DeviceTokens");

            migrationBuilder.DropColumn(
                name: "SignOuts",
                table: "DeviceTokenOwners");

            migrationBuilder.DropColumn(
                name: "GrantedSignOuts",
                table: "DevicePairings");
        }
    }
}

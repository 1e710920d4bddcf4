using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Sqlite
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
                type: "TEXT",
                maxLength: 64,
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "SignOuts",
                table: "DeviceTokenOwners",
                type: "INTEGER",
                nullable: true);

            migrationBuilder.AddColumn<long>(
                name: "GrantedSignOuts",
                table: "DevicePairings",
                type: "INTEGER",
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

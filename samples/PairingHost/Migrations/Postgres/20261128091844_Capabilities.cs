using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace PairingHost.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Capabilities : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Capabilities",
                table: "PairedDevices",
                type: "text",
                nullable: true);
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropColumn(
                name: "Capabilities",
                table: "PairedDevices");
        }
    }
}

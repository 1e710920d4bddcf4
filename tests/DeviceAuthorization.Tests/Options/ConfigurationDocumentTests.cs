using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text;
using DeviceAuthorization.Hosting;
using Microsoft.Extensions.Configuration;

namespace DeviceAuthorization.Tests;

/// <summary>docs/configuration.md: it has every setting, no other, each with its default; and its examples are configurations that start a host.</summary>
public sealed class ConfigurationDocumentTests
{
    private static readonly Document Document = new("docs/configuration.md");

    [Fact]
    public void It_has_every_setting_with_its_default()
    {
        var rows = Document.Rows.Where(row => row[0].StartsWith('`')).Select(row => $"{row[0].Trim('`')}: {row[1].Replace("`", "", StringComparison.Ordinal)}");
        Assert.Equal(
            new[]
            {
                Settings(new DeviceAuthorizationOptions()),
                Settings(new RedisPairingStoreOptions(), "Redis:"),
                Settings(new EntityFrameworkStoreOptions(), $"{nameof(EntityFrameworkStoreOptions)}."),
                Settings(new DeviceTokenOptions(), $"{nameof(DeviceTokenOptions)}."),
            }.SelectMany(settings => settings).Order(StringComparer.Ordinal),
            rows.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Each_example_starts_a_host_that_knows_all_its_keys()
    {
        Assert.NotEmpty(Document.Code("json"));
        foreach (var example in Document.Code("json"))
        {
            using var json = new MemoryStream(Encoding.UTF8.GetBytes(example));
            var configuration = new ConfigurationBuilder().AddJsonStream(json).Build();
            Assert.Empty(UnknownSettings.In(configuration));
            var settings = configuration.GetSection(DeviceAuthorizationOptions.SectionName).AsEnumerable(makePathsRelative: true);
            await using var host = await MinimalHost.StartAsync([.. settings.Where(setting => setting.Value is not null).Select(setting => (setting.Key, setting.Value!))]);
        }
    }

    /// <summary>Each setting as in configuration, with those of its parts, and its default.</summary>
    private static IEnumerable<string> Settings(object options, string prefix = "") => options.GetType()
        .GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly)
        .SelectMany(setting => setting.GetValue(options) switch
        {
            IDictionary<string, DeviceClient> => Settings(new DeviceClient(), $"{prefix}{setting.Name}:<id>:"),
            { } part and (PairingPageOptions or DeviceRateLimits or ManagementScopes or UserCodeFormat) => Settings(part, $"{prefix}{setting.Name}:"),
            var value => [$"{prefix}{setting.Name}: {Written(value)}"],
        });

    private static string Written(object? value) => value switch
    {
        null or ICollection { Count: 0 } => "–",
        "" => "\"\"",
        bool flag => flag ? "true" : "false",
        IDictionary choices => string.Join(' ', choices.Keys.Cast<string>()),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}

using System.Reflection;
using System.Text.RegularExpressions;

namespace DeviceAuthorization.BlackBox;

/// <summary>None of the 110 rows and no suite of a store is left out.</summary>
public sealed partial class EveryRowTests
{
    private const int Rows = 110;

    private static readonly Type[] Types = typeof(EveryRowTests).Assembly.GetTypes();

    [Fact]
    public void Every_row_has_a_test()
    {
        var tests = Types.Where(type => type.Name.EndsWith("Tests", StringComparison.Ordinal))
            .SelectMany(type => type.GetMethods(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly));
        var found = tests.SelectMany(RowsOf).ToHashSet();
        Assert.Empty(Enumerable.Range(1, Rows).Except(found));
    }

    [Fact]
    public void Every_suite_runs_on_every_store()
    {
        var stores = Types.Where(type => !type.IsAbstract && type.IsAssignableTo(typeof(Store))).ToArray();
        var missing =
            from suite in Types.Where(type => type is { IsAbstract: true, IsSealed: false } && type.Name.EndsWith("Tests", StringComparison.Ordinal))
            from store in stores
            where !(suite == typeof(OutageTests) && store == typeof(MemoryStore)) // it cannot fail
            where !Types.Any(type => type.BaseType == suite && type.GetConstructor([store]) is not null)
            select $"{suite.Name} on {store.Name}";
        Assert.Empty(missing);
    }

    /// <summary>A fact's trait, or the number that each case of a theory begins with.</summary>
    private static IEnumerable<int> RowsOf(MethodInfo test)
    {
        var traits = test.CustomAttributes.Where(attribute => attribute.AttributeType == typeof(TraitAttribute))
            .Select(trait => trait.ConstructorArguments).Where(arguments => Equals(arguments[0].Value, "Row")).Select(arguments => (string)arguments[1].Value!);
        var cases = test.GetCustomAttributes().OfType<Xunit.Sdk.DataAttribute>().SelectMany(data => data.GetData(test)).Select(arguments => arguments[0] as string ?? "");
        return traits.Concat(cases).Select(row => Number().Match(row)).Where(number => number.Success)
            .Select(number => int.Parse(number.Value, System.Globalization.CultureInfo.InvariantCulture));
    }

    [GeneratedRegex("^[0-9]+")]
    private static partial Regex Number();
}

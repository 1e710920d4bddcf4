using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

/// <summary>No public type prints a secret that one of its fields holds. The fields are filled by reflection, private ones too.</summary>
public sealed partial class PrintedFieldsTests
{
    private static readonly DeviceCode Code = DeviceCode.New();
    private static readonly UserCode User = UserCodeFormat.Standard.New();
    private static readonly DeviceToken Token = DeviceToken.Derive(Code, "salt", "da_");
    private static readonly string[] Secrets = [Code.Reveal(), User.Reveal(), User.RevealGrouped(), Token.Reveal(), "planted"];

    public static TheoryData<string> Types => [.. typeof(Pairing).Assembly.GetExportedTypes()
        .Where(type => type is { IsAbstract: false, IsEnum: false, IsInterface: false } && !type.IsSubclassOf(typeof(Attribute)))
        .Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Types))]
    public void Printing_a_value_shows_no_secret(string type)
    {
        var text = $"{Planted(typeof(Pairing).Assembly.GetType(type)!, [])}";
        Assert.All(Secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    [Fact]
    public void The_test_plants_secrets_where_they_are_kept()
    {
        var pairing = (Pairing)Planted(typeof(Pairing), [])!;
        Assert.Equal(("planted", "planted", "planted"), (pairing.DeviceCodeHash, pairing.UserCodeHash, pairing.Grant!.TokenSalt));
        var started = (StartResult.Started)Planted(typeof(StartResult.Started), [])!;
        Assert.Equal((Code, User), (started.DeviceCode, started.UserCode));
        Assert.Equal(Token, ((PollResult.Paired)Planted(typeof(PollResult.Paired), [])!).Token);
        Assert.Equal("planted", ((TokenWithDevice)Planted(typeof(TokenWithDevice), [])!).Token.Hash);
        Assert.Equal("planted", ((PollAttempt)Planted(typeof(PollAttempt), [])!).Pairing!.IdempotencyKeyHash);
    }

    [GeneratedRegex("hash|salt|secret|key|token|code|^_value", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName { get; }

    /// <summary>A value of the type without its constructors, every field that may hold a secret holding one.</summary>
    private static object? Planted(Type type, HashSet<Type> outer)
    {
        if (new object[] { Code, User, Token }.FirstOrDefault(type.IsInstanceOfType) is { } secret)
        {
            return secret;
        }

        if (type.Assembly != typeof(Pairing).Assembly || type.IsAbstract || type.IsEnum || !outer.Add(type))
        {
            return type.IsAssignableFrom(typeof(string[])) && type != typeof(object) && typeof(IEnumerable).IsAssignableFrom(type) ? new[] { "scope" } : null;
        }

        var value = RuntimeHelpers.GetUninitializedObject(type);
        foreach (var field in Fields(type))
        {
            if (field.FieldType == typeof(string))
            {
                field.SetValue(value, SecretName.IsMatch(field.Name) ? "planted" : "plain");
            }
            else if (Planted(field.FieldType, [.. outer]) is { } inner)
            {
                field.SetValue(value, inner);
            }
        }

        return value;
    }

    private static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic)
            .Concat(type.BaseType is { } parent && parent.Assembly == type.Assembly ? Fields(parent) : []);
}

using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http;

/// <summary>A value read from a request, or the answer that says why it could not be read.</summary>
internal readonly struct Parsed<T>
    where T : class
{
    private readonly T? _value;
    private readonly IResult? _refusal;

    public Parsed(T? value, IResult? refusal) => (_value, _refusal) = (value, refusal);

    public static implicit operator Parsed<T>(T value) => new(value, null);

    public bool TryGet([NotNullWhen(true)] out T? value, [NotNullWhen(false)] out IResult? refusal)
    {
        (value, refusal) = (_value, _refusal);
        return value is not null;
    }
}

internal static class Parsed
{
    public static Parsed<T> Refuse<T>(IResult refusal)
        where T : class => new(null, refusal);
}

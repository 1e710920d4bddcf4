using System.Text.Json.Serialization;
using DeviceAuthorization.Http.Tokens;
using DeviceAuthorization.RomM;

namespace DeviceAuthorization.Hosting;

/// <summary>The bodies that are described for OpenAPI, but that no serializer reads or writes.</summary>
[JsonSerializable(typeof(DeviceProperties))]
[JsonSerializable(typeof(DeviceRegistration))]
[JsonSerializable(typeof(TokenOfClient))]
[JsonSerializable(typeof(object))]
internal sealed partial class DescribedJson : JsonSerializerContext;

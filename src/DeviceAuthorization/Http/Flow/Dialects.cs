using DeviceAuthorization.RomM;
using Microsoft.AspNetCore.Http;

namespace DeviceAuthorization.Http.Flow;

/// <summary>The dialects that devices speak. The media type of the request says which; RFC 8628's is the default.</summary>
internal sealed class Dialects(FormDialect form, JsonDialect json)
{
    public IDialect Of(HttpRequest request) => Problems.SpeaksJson(request) ? json : form;
}

#if !NET
namespace System.Runtime.CompilerServices;

/// <summary>The compiler needs it for records.</summary>
internal static class IsExternalInit;
#endif

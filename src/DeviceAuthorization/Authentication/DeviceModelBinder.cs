using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.ModelBinding;

namespace DeviceAuthorization.Authentication;

/// <summary>Gives MVC actions and Razor pages their <see cref="PairedDevice"/> and <see cref="RequestDevice"/>.</summary>
internal sealed class DeviceModelBinder : IModelBinder
{
    public async Task BindModelAsync(ModelBindingContext bindingContext)
    {
        ArgumentNullException.ThrowIfNull(bindingContext);
        var context = bindingContext.HttpContext;
        object? device = bindingContext.ModelType == typeof(RequestDevice) ? await RequestDevice.FindAsync(context) : await PairedDevice.FindAsync(context);
        if (device is null)
        {
            // Only a parameter of an action can require a device (ReadsPairedDevice). Elsewhere MVC would run the handler without one.
            if (bindingContext.ModelMetadata.IsRequired && context.GetEndpoint()?.Metadata.GetMetadata<ReadsPairedDevice>() is null)
            {
                throw new InvalidOperationException(
                    $"'{bindingContext.ActionContext.ActionDescriptor.DisplayName}' needs a paired device, but none calls. Add [RequirePairedDevice] to the page or the controller, or make '{bindingContext.FieldName}' nullable.");
            }

            return; // a nullable parameter is null; if the action allows anonymous callers, MVC finds that a required one is missing
        }

        bindingContext.ValidationState.Add(device, new() { SuppressValidation = true });
        bindingContext.Result = ModelBindingResult.Success(device);
    }
}

/// <summary>Marks a type as bound by <see cref="DeviceModelBinder"/>. It is no input of the request, so descriptions of the API leave it out.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class BoundToDeviceAttribute : ModelBinderAttribute
{
    public BoundToDeviceAttribute()
        : base(typeof(DeviceModelBinder)) => BindingSource = BindingSource.Special;
}

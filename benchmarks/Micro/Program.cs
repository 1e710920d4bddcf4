using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Perfolizer.Horology;

// What single steps cost, and what they allocate. See README.md.
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, DefaultConfig.Instance
    .AddJob(Job.ShortRun
        .WithWarmupCount(10) // a second, by when the compiler has optimised the code
        .WithIterationTime(TimeInterval.FromMilliseconds(100))
        .WithGcForce(false) // a collection before each iteration takes seconds while there are a million tokens
        .WithToolchain(InProcessEmitToolchain.Instance)) // builds nothing for each benchmark: all of them take a few minutes
    .WithArtifactsPath(Path.Combine(AppContext.BaseDirectory, "results"))
    .WithOptions(ConfigOptions.DisableLogFile));

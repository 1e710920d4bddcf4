using DeviceAuthorization.Storage;

namespace DeviceAuthorization.Tests;

public sealed class SharedTextsTests
{
    [Fact]
    public void Equal_texts_become_one_and_others_stay_what_they_are()
    {
        var texts = new SharedTexts();
        var first = texts.Share(new string('a', 9));
        Assert.Same(first, texts.Share(new string('a', 9)));
        for (var i = 0; i < 10_000; i++) // more than it keeps
        {
            Assert.Equal($"{i}", texts.Share($"{i}"));
        }

        Assert.Null(texts.Share((string?)null));
        var list = texts.Share(["read", "write"]);
        Assert.Same(list, texts.Share(["read", "write"]));
        Assert.Equal(["write"], texts.Share(["write"]));
        Assert.Equal(["write", "read"], texts.Share(["write", "read"]));
        Assert.Empty(texts.Share([]));
    }
}

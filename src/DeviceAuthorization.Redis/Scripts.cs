namespace DeviceAuthorization.Redis;

/// <summary>
/// Each script is one atomic step on one key, and so on one slot of a cluster. Time is an argument. Records are those of <see cref="PairingRecord"/>;
/// any other value is left alone. The scripts read with GETEX, which Redis counts as a write although it changes nothing. A primary that became a
/// replica, and may be out of date, therefore answers READONLY. A script that has started to write finishes even when memory is full.
/// </summary>
internal static class Scripts
{
    /// <summary>KEYS[1] the pairing · ARGV[1] client or '' · [2] now · [3] tolerance · [4] longest wait. Returns 1, or the record, or nil.</summary>
    public const string AcceptPoll = ReadRecord + """
        if status ~= 'Pending' then return record end

        local required, client = string.match(tail, '^([01]) ([^\n]*)\n')
        local belongs = client == ARGV[1]
        if ARGV[1] == '' then belongs = required == '0' end

        local now = tonumber(ARGV[2])
        local wait = tonumber(due) - now
        local early = wait > tonumber(ARGV[3]) and wait <= tonumber(ARGV[4])
        if not belongs or early or now >= tonumber(expires) then return record end

        due = string.format('%.0f', now + tonumber(interval))
        redis.call('SET', KEYS[1], table.concat({ layout, version, status, expires, due, interval, '0', tail }, ' '), 'KEEPTTL')
        return 1
        """;

    /// <summary>KEYS[1] the pairing. Returns 1 or 0.</summary>
    public const string IsDecided = ReadRecord + """
        if status and status ~= 'Pending' then return 1 end
        return 0
        """;

    /// <summary>KEYS[1] the pairing · ARGV[1] pacing read · [2] pacing to write. Returns 1 or 0.</summary>
    public const string SlowDown = ReadRecord + """
        if status ~= 'Pending' or table.concat({ due, interval, slowed }, ' ') ~= ARGV[1] then return 0 end
        redis.call('SET', KEYS[1], table.concat({ layout, version, status, expires, ARGV[2], tail }, ' '), 'KEEPTTL')
        return 1
        """;

    /// <summary>KEYS[1] the pairing · ARGV[1] version read · [2] now · [3] head · [4] tail · [5] new expiry. Returns 1 or 0.</summary>
    public const string Replace = ReadRecord + """
        if version ~= ARGV[1] or tonumber(ARGV[2]) >= tonumber(expires) then return 0 end

        local moved = tonumber(ARGV[5]) - tonumber(expires)
        redis.call('SET', KEYS[1], table.concat({ layout, ARGV[3], due, interval, slowed, ARGV[4] }, ' '), 'KEEPTTL')
        local left = redis.call('PTTL', KEYS[1])
        if moved ~= 0 and left > 0 then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.max(1, left + moved))) end
        return 1
        """;

    /// <summary>KEYS[1] the pairing · ARGV[1] before. Returns the removed record, or nil.</summary>
    public const string RemoveExpired = ReadRecord + """
        if not version or tonumber(expires) >= tonumber(ARGV[1]) then return false end
        redis.call('DEL', KEYS[1])
        return record
        """;

    /// <summary>KEYS[1] the user code · ARGV[1] what it must point to. Returns 1 or 0.</summary>
    public const string Release = """
        if redis.call('GETEX', KEYS[1]) ~= ARGV[1] then return 0 end
        return redis.call('DEL', KEYS[1])
        """;

    private const string ReadRecord = """
        local record = redis.call('GETEX', KEYS[1])
        local layout, version, status, expires, due, interval, slowed, tail =
            string.match(record or '', '^(1) (%d+) (%a+) (%d+) (%d+) (%d+) ([01]) (.*)$')

        """;
}

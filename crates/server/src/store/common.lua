-- Makes the store, unless it is there. Numbers of an earlier life of it do not come again.
local function make_store(counters, life)
    if redis.call('EXISTS', counters) == 0 then
        local time = redis.call('TIME')
        local first = time[1] .. string.format('%06d', time[2])
        -- ('first' is what the changes are counted from, and up to 'forgotten' the list of changes does not tell of all.)
        redis.call('HSET', counters, 'change', first, 'first', first, 'forgotten', first,
            'token', first)
        redis.call('SET', life, first)
    end
end


-- Makes the store, unless it is there. Numbers of an earlier life of it do not come again.
local function make_store(counters, life)
    if redis.call('EXISTS', counters) == 0 then
        local time = redis.call('TIME')
        local first = time[1] .. string.format('%06d', time[2])
        -- ('first' is what the changes are counted from, and up to 'forgotten' the list of changes does not tell of all.)
        redis.call('HSET', counters, 'change', first, 'first', first, 'forgotten', first,
            'token', first)
        -- (See `run.lua`.)
        local function told(section, field)
            local info = redis.pcall('INFO', section)
            return type(info) == 'string' and string.match(info, field .. ':(%x+)') or ''
        end
        local run = told('server', 'run_id')
        local was_copy = string.find(told('replication', 'master_replid2'), '[^0]')
        if run ~= '' then redis.call('HSET', counters, 'run', run .. ' ' .. (was_copy and told('replication', 'master_replid') or '')) end
        redis.call('SET', life, first)
    elseif redis.call('EXISTS', life) == 0 then
        -- (It was removed by somebody else.)
        redis.call('SET', life, redis.call('HGET', counters, 'first') or '0')
    end
end

-- The number of another change.
local function new_change(counters, life)
    local change = redis.call('HINCRBY', counters, 'change', '1')
    if change ~= 1 then return change end
    -- (Nothing was there, or the counters were removed by somebody else.)
    redis.call('HDEL', counters, 'change')
    make_store(counters, life)
    return redis.call('HINCRBY', counters, 'change', '1')
end

-- The time (ms).
local function time_now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

-- Whether somebody who is first in a line has been waited for long enough (µs). That counts from the first time that somebody asks.
local TURN = 200000
local function is_late(calls, line, who)
    local time = redis.call('TIME')
    local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
    local called, since = string.match(redis.call('HGET', calls, line) or '', '^(.*) (%d+)$')
    -- (A clock that was set back says nothing of how long that is.)
    if called == who then return now < tonumber(since) or now - tonumber(since) >= TURN end
    redis.call('HSET', calls, line, who .. ' ' .. string.format('%.0f', now))
    return false
end


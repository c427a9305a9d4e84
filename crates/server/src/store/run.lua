-- A server that was started anew, or has taken the place of another one, may have lost changes: their numbers do not come again, so that no value is
-- taken for one of these, and no hold for one of theirs.
-- KEYS: the lock, the life of the store. ARGV: the start of all keys, the run of the server
local counters, run = ARGV[1] .. 'counters', ARGV[2]
if redis.call('EXISTS', counters) == 0 or redis.call('HGET', counters, 'run') == run then return 0 end
-- (See `change.lua`: a change that is to come may be what makes room.)
redis.call('DEL', ARGV[1] .. 'never')
local time = redis.call('TIME')
local now = tonumber(time[1] .. string.format('%06d', time[2]))
for _, field in ipairs({'change', 'token'}) do
    -- (They have begun as the time (µs), and have gone on more slowly than that. No server loses a million changes.)
    local last = tonumber(redis.call('HGET', counters, field) or 0)
    local skipped = string.format('%.0f', math.max(now - last, 1000000))
    redis.call('HINCRBY', counters, field, skipped)
    -- (Those who count the changes leave them out.)
    if field == 'change' then redis.call('HINCRBY', counters, 'skipped', skipped) end
end
return redis.call('HSET', counters, 'run', run)

-- Takes, changes or ends the lock of the whole, or a hold on writers.
-- KEYS: the lock, the life of the store
-- ARGV: the mark of the hold that is to be there ('': none), its new mark ('': none), 'all' if it keeps readers out as well,
--       'token' to get one; the start of all keys
local lock, life, counters, hold = KEYS[1], KEYS[2], ARGV[5] .. 'counters', ARGV[5] .. 'hold'
local before, after, strength, token = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local held = redis.call('GET', hold)
if held and held ~= before then return {'held', held} end
-- (Somebody else has removed the hold alone, as to end it: then it is over for those who read, too.)
if not held and redis.call('EXISTS', lock) == 1 then redis.call('DEL', lock) end
if not held and before ~= '' then return {'ended'} end
-- (See `change.lua`: a transaction may be what makes room.)
if after ~= '' then redis.call('DEL', ARGV[5] .. 'never') end
local waiting, calls = ARGV[5] .. 'waiting', ARGV[5] .. 'calls'
-- A new hold is that of the one that has waited longest. (Another object of the asker's own thread cannot come while the asker runs.)
if not held and after ~= '' then
    local asker = string.match(after, '^%S+')
    local own = string.match(asker, '^[^:]*:[^:]*:')
    while true do
        local first, since = unpack(redis.call('ZRANGE', waiting, 0, 0, 'WITHSCORES'))
        if not first or string.sub(first, 1, #own) == own then break end
        if not is_late(calls, '', first .. ' ' .. since) then return {'called'} end
        redis.call('ZREM', waiting, first)
    end
    redis.call('ZREM', waiting, asker)
    redis.call('HDEL', calls, '')
end
local number = 0
if after == '' then
    redis.call('DEL', hold, lock)
else
    make_store(counters, life)
    if token ~= '' then
        number = redis.call('HINCRBY', counters, 'token', 1)
        after = after .. ' ' .. string.format('%.0f', number)
    end
    redis.call('SET', hold, after)
    if strength == 'all' then redis.call('SET', lock, after) else redis.call('DEL', lock) end
end
-- So that the asker is told of later changes.
redis.call('GET', lock)
return {'done', number, after, redis.call('GET', life)}

-- Ends a store. The records of requests remain until they expire (`record.rs`): one that is late is not to be made in the next life.
-- KEYS: the lock, the life of the store. ARGV: the mark of the asker's hold, the start of all keys
local all = ARGV[2]
local held = redis.call('GET', all .. 'hold')
if held and held ~= ARGV[1] then return {'held', held} end
if not held and ARGV[1] ~= '' then return {'ended'} end
for _, name in ipairs(redis.call('ZRANGE', all .. 'order', 0, -1)) do redis.call('UNLINK', all .. 'v:' .. name) end
for _, kind in ipairs({'counters', 'order', 'changes', 'hold', 'due', 'items', 'consumers', 'locks', 'lines', 'calls', 'waiting', 'watching'}) do
    redis.call('DEL', all .. kind)
end
redis.call('DEL', unpack(KEYS))
redis.call('GET', KEYS[2])
return {'done', 0}

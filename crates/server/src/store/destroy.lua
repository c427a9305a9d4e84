-- Ends a store: nothing of it remains.
-- KEYS: counters, order, changes, lock, hold, due, items, named, lines, life. ARGV: the mark of the asker's hold, the start of the keys of values
local held = redis.call('GET', KEYS[5])
if held and held ~= ARGV[1] then return {'held', held} end
for _, name in ipairs(redis.call('ZRANGE', KEYS[2], 0, -1)) do redis.call('UNLINK', ARGV[2] .. name) end
redis.call('DEL', unpack(KEYS))
redis.call('GET', KEYS[10])
return {'done', 0}

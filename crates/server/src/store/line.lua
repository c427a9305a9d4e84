-- Stands in the line of those that wait for a hold to end, unless the asker is in it.
-- KEYS: the lock, the life of the store. ARGV: the asker, the start of all keys
-- (See `hold.lua`.)
redis.call('DEL', ARGV[2] .. 'never')
local time = redis.call('TIME')
return redis.call('ZADD', ARGV[2] .. 'waiting', 'NX', time[1] .. string.format('%06d', time[2]), ARGV[1])

-- The names that have changed, and what has become of them, all of one moment: the lock, the life of the store, whether all names are told of, the
-- time (ms), and then lists of names with their numbers: when each changed last, the places, when each expires, and those that have expired since.
-- KEYS: the lock, the life of the store. ARGV: the start of all keys, the number of the change since which ('' for all), the time since
-- which it counts that something has expired
local all, since, from, now = ARGV[1], ARGV[2], ARGV[3], time_now()
local changes, order, due = all .. 'changes', all .. 'order', all .. 'due'
local lock, life = redis.call('GET', KEYS[1]), redis.call('GET', KEYS[2])

-- (Of changes before that the list does not tell of all.)
local forgotten = redis.call('HGET', all .. 'counters', 'forgotten')
if since == '' or not forgotten or tonumber(since) < tonumber(forgotten) then
    local function all_of(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end
    return {lock, life, 1, now, all_of(changes), all_of(order), all_of(due), {}}
end

local changed = redis.call('ZRANGEBYSCORE', changes, '(' .. since, '+inf', 'WITHSCORES')
local function those_of(key)
    local found = {}
    for at = 1, #changed, 2 do
        local score = redis.call('ZSCORE', key, changed[at])
        if score then
            found[#found + 1] = changed[at]
            found[#found + 1] = score
        end
    end
    return found
end
local over = redis.call('ZRANGEBYSCORE', due, '(' .. from, now, 'WITHSCORES')
return {lock, life, 0, now, changed, those_of(order), those_of(due), over}

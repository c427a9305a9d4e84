-- Takes a lock by name, gives it back, or leaves the line for it.
-- KEYS: the lock of the whole, the life of the store
-- ARGV: 'take', 'release', 'leave', 'pass', or 'disown' for an item in consumption (its token); the lock; the asker; 'wait' to stand in line; what else is noted on the owner;
--       the start of all keys
-- A line is the askers in it, each with a ';' behind it. Whoever has waited in vain for the first one to take a free lock asks that it be
-- passed over: that is done once it has been late for some time (its process is stopped). It stands in line anew when it asks again.
local life, all = KEYS[2], ARGV[6]
local counters, named, lines, calls = all .. 'counters', all .. 'locks', all .. 'lines', all .. 'calls'
local what, lock, asker, wait, more = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local function line() return redis.call('HGET', lines, lock) or '' end

local function leave(who)
    local before = ';' .. line()
    local from, to = string.find(before, ';' .. who .. ';', 1, true)
    if not from then return false end
    local after = string.sub(before, 2, from) .. string.sub(before, to + 1)
    if from == 1 then redis.call('HDEL', calls, lock) end
    if after == '' then redis.call('HDEL', lines, lock) else redis.call('HSET', lines, lock, after) end
    return true
end

local function line_up()
    if wait == 'wait' and not string.find(';' .. line(), ';' .. asker .. ';', 1, true) then
        redis.call('HSET', lines, lock, line() .. asker .. ';')
    end
end

-- (See `hold.lua`; and an element that could not be used goes back.)
redis.call('DEL', all .. 'never')
if what == 'disown' then
    for _, kind in ipairs({'items', 'consumers'}) do
        local item = redis.call('HGET', all .. kind, lock)
        if item and string.sub(item, 1, #asker) == asker then
            redis.call('HSET', all .. kind, lock, wait .. string.sub(item, #asker + 1))
        end
    end
    return {'done', 0}
end
if what == 'leave' then
    leave(asker)
    return {'done', 0}
end
local owner = redis.call('HGET', named, lock)
if what == 'pass' then
    local is_called = not owner and string.sub(line(), 1, #asker + 1) == asker .. ';'
    if is_called and is_late(calls, lock, asker) then leave(asker) end
    return {'done', 0}
end
if what == 'release' then
    if owner ~= asker then return {'ended'} end
    redis.call('HDEL', named, lock)
    return {'done', 0}
end
if owner then
    line_up()
    return {'held', owner}
end
local first = string.match(line(), '^([^;]*);')
if first and first ~= asker then
    line_up()
    return {'called', first}
end
leave(asker)
make_store(counters, life)
local token = redis.call('HINCRBY', counters, 'token', 1)
local mark = asker .. ' ' .. more .. ' ' .. string.format('%.0f', token)
redis.call('HSET', named, lock, mark)
return {'done', token, mark, redis.call('GET', life)}

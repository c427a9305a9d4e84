-- Changes to a store, all at one moment or none.
-- KEYS: the lock, the life of the store, and the values. (A server of version 7.0 tells of changes to a script's KEYS, whatever it has read.)
-- ARGV: the number of this request, the mark of the asker's hold ('' without one), the time (ms), the start of all keys,
--       'm' to make a store that is not there and 'l' to be told of the store's life, the asker's own key, and then nine words for
--       each change: kind, name, mark of the value that is to be there ('!': none is; '': any), its length, bytes, note, due, flags, more
local lock, life = KEYS[1], KEYS[2]
local number, mine, now, all, wishes, process = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4], ARGV[5], ARGV[6]
local counters, order, changes, hold, due, items =
    all .. 'counters', all .. 'order', all .. 'changes', all .. 'hold', all .. 'due', all .. 'items'
local start, WORDS, FIRST, MARK, NONE = all .. 'v:', 9, 7, 20, string.rep('\0', 8)

-- A request that was answered before, where the answer was lost: it is not done twice.
local last = redis.call('GET', process)
if last and string.sub(last, 1, #number + 1) == number .. ' ' then
    return cmsgpack.unpack(string.sub(last, #number + 2))
end

local held = redis.call('GET', hold)
if held and held ~= mine then return {'held', held} end
if not held and mine ~= '' then return {'ended'} end

local function forget(name)
    redis.call('DEL', start .. name)
    redis.call('ZREM', due, name)
    return redis.call('ZREM', order, name) == 1
end

local function is_there(name)
    local at = redis.call('ZSCORE', due, name)
    if at and tonumber(at) <= now then
        forget(name)
        redis.call('ZADD', changes, redis.call('HINCRBY', counters, 'change', 1), name)
        return false
    end
    return redis.call('EXISTS', start .. name) == 1
end

-- First, whether all is as the asker believes.
for at = FIRST, #ARGV, WORDS do
    local kind, name, mark, length = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    if kind == 'finish' then
        local item = redis.call('HGET', items, name)
        if not item or string.sub(item, 1, #mark) ~= mark then return {'differs', (at - FIRST) / WORDS} end
    elseif mark ~= '' then
        local key, there = start .. name, is_there(name)
        local as_believed = not there
        if mark ~= '!' then
            as_believed = there and redis.call('STRLEN', key) == length
                and redis.call('GETRANGE', key, 0, MARK - 1) == mark
        end
        if not as_believed then return {'differs', (at - FIRST) / WORDS} end
    end
end

if not string.find(wishes, 'm', 1, true) and redis.call('EXISTS', counters) == 0 then return {'done', 0, 0, false} end
make_store(counters, life)

-- What has expired goes, a part each time.
local over = redis.call('ZRANGEBYSCORE', due, '-inf', now, 'LIMIT', 0, 100)
if #over > 0 then
    local change = redis.call('HINCRBY', counters, 'change', 1)
    for _, name in ipairs(over) do
        forget(name)
        redis.call('ZADD', changes, change, name)
    end
end

-- Whether one integer is greater than another, both in digits, which are too many for a Lua number.
local function is_greater(one, other)
    local negative, below = string.sub(one, 1, 1) == '-', string.sub(other, 1, 1) == '-'
    if negative ~= below then return below end
    if #one ~= #other then return (#one > #other) ~= negative end
    if one == other then return false end
    -- By pieces that a Lua number has room for.
    local first, second = one:gsub('-', ''), other:gsub('-', '')
    for at = 1, #first, 12 do
        local a, b = tonumber(first:sub(at, at + 11)), tonumber(second:sub(at, at + 11))
        if a ~= b then return (a > b) ~= negative end
    end
    return false
end

local function successor(digits)
    if digits == '9223372036854775807' then return nil end
    local negative = string.sub(digits, 1, 1) == '-'
    local body = digits:gsub('-', '')
    local out, carry = {}, negative and -1 or 1
    for at = #body, 1, -1 do
        local digit = body:byte(at) - 48 + carry
        carry = 0
        if digit > 9 then digit, carry = 0, 1 elseif digit < 0 then digit, carry = 9, -1 end
        table.insert(out, 1, tostring(digit))
    end
    if carry == 1 then table.insert(out, 1, '1') end
    local text = table.concat(out):gsub('^0+(%d)', '%1')
    if negative and text ~= '0' then text = '-' .. text end
    return text
end

local change = 0
local function next_change()
    if change == 0 then change = redis.call('HINCRBY', counters, 'change', 1) end
    return change
end

local function expires(name, key, at)
    if at == 0 then
        redis.call('ZREM', due, name)
        redis.call('PERSIST', key)
    else
        redis.call('ZADD', due, at, name)
        -- The memory of what nobody asks for any more goes some time after it has expired: clocks differ a little.
        redis.call('PEXPIRE', key, string.format('%.0f', math.max(at - now, 0) + 60000))
    end
end

local function put(name, bytes, note, at, flags, plain)
    local key = start .. name
    if string.find(flags, 'a', 1, true) then forget(name) end
    local id = next_change()
    if plain ~= '' and at == 0 then
        redis.call('SET', key, plain)
    else
        local noted = note ~= '' and 1 or 0
        redis.call('SET', key, '\193' .. string.char(noted) .. '\0\1' .. struct.pack('>I8', id)
            .. (noted == 1 and note or NONE) .. struct.pack('>I8', at) .. struct.pack('>I4', math.min(#bytes, 4294967295)) .. bytes)
    end
    if at ~= 0 or redis.call('ZSCORE', due, name) then expires(name, key, at) end
    redis.call('ZADD', changes, id, name)
    if not redis.call('ZSCORE', order, name) then
        redis.call('ZADD', order, redis.call('HINCRBY', counters, 'place', 1), name)
    end
    if string.find(flags, 'n', 1, true) then
        local highest = redis.call('HGET', counters, 'highest')
        if not highest or is_greater(name, highest) then redis.call('HSET', counters, 'highest', name) end
    end
    return id
end

local results, touched = {}, {}
for at = FIRST, #ARGV, WORDS do
    local kind, name, bytes, note, expiry, flags, more =
        ARGV[at], ARGV[at + 1], ARGV[at + 4], ARGV[at + 5], tonumber(ARGV[at + 6]), ARGV[at + 7], ARGV[at + 8]
    local key, result = start .. name, 0
    if kind == 'put' then
        local at_most = expiry
        if string.find(flags, 'k', 1, true) then
            -- It expires when the value before it did, which may be another time by now than the asker knows.
            local before = redis.call('GETRANGE', key, 0, 27)
            expiry = string.byte(before) == 193 and struct.unpack('>I8', string.sub(before, MARK + 1)) or 0
        end
        result = put(name, bytes, note, expiry, flags, more)
        if expiry ~= at_most then result = -result end
        touched[#touched + 1] = key
    elseif kind == 'append' then
        local head = redis.call('GETRANGE', key, 0, MARK - 1)
        local pieces = math.min(struct.unpack('>I2', string.sub(head, 3, 4)) + 1, 65535)
        redis.call('APPEND', key, bytes)
        redis.call('SETRANGE', key, 0, '\193\1' .. struct.pack('>I2', pieces) .. string.sub(head, 5, 12) .. note)
        redis.call('ZADD', changes, next_change(), name)
        touched[#touched + 1] = key
    elseif kind == 'next' then
        local highest = redis.call('HGET', counters, 'highest')
        local following = '0'
        if highest then
            following = successor(highest)
            if following and is_greater(more, following) then following = more end
        end
        if following then
            put(following, bytes, '', 0, 'n', name)
            touched[#touched + 1] = start .. following
            result = following
        end
    elseif kind == 'remove' then
        if is_there(name) then
            forget(name)
            redis.call('ZADD', changes, next_change(), name)
            result = 1
        else
            forget(name)
        end
        touched[#touched + 1] = key
    elseif kind == 'touch' then
        if is_there(name) then
            if redis.call('GETRANGE', key, 0, 0) == '\193' then
                redis.call('SETRANGE', key, MARK, struct.pack('>I8', expiry))
                expires(name, key, expiry)
                result = 1
            elseif expiry == 0 then
                result = 1
            else
                result = 2
            end
            touched[#touched + 1] = key
        end
    elseif kind == 'clear' then
        local names = redis.call('ZRANGE', order, 0, -1)
        for _, each in ipairs(names) do
            redis.call('UNLINK', start .. each)
            redis.call('ZADD', changes, next_change(), each)
        end
        next_change()
        redis.call('DEL', order, due, items)
        redis.call('HDEL', counters, 'highest')
    elseif kind == 'keep' then
        result = redis.call('HINCRBY', counters, 'token', 1)
        redis.call('HSET', items, string.format('%.0f', result), bytes)
    elseif kind == 'finish' then
        redis.call('HDEL', items, name)
    end
    results[#results + 1] = result
end

-- The list of changes forgets names that are gone, the oldest ones first.
if change % 512 == 0 and change ~= 0 then
    local names = redis.call('ZCARD', order)
    if redis.call('ZCARD', changes) > 2 * names + 1024 then
        local oldest = redis.call('ZRANGE', changes, 0, names + 511, 'WITHSCORES')
        for at = 1, #oldest, 2 do
            if not redis.call('ZSCORE', order, oldest[at]) then
                redis.call('ZREM', changes, oldest[at])
                redis.call('HSET', counters, 'forgotten', oldest[at + 1])
            end
        end
    end
end

-- The server tells the asker of later changes only of what it has read since.
for _, key in ipairs(touched) do redis.call('STRLEN', key) end

local alive = false
if string.find(wishes, 'l', 1, true) then
    redis.call('GET', lock)
    alive = redis.call('GET', life)
end
local answer = {'done', 1, change, alive}
for _, result in ipairs(results) do answer[#answer + 1] = result end
redis.call('SET', process, number .. ' ' .. cmsgpack.pack(answer), 'PX', 120000)
return answer

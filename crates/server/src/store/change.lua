-- Changes to a store, all at one moment or none.
-- KEYS: the lock, the life of the store, and the values. (A server of version 7.0 tells of changes to a script's KEYS, whatever it has read.)
-- ARGV: the number of this request, the mark of the asker's hold ('' without one), the start of all keys,
--       'm' to make a store that is not there, 'l' to be told of the store's life, 'a' of a request that is sent again; the asker's own key, how long its record is kept (ms), and then nine
--       words for each change: kind, name, mark of the value that is to be there ('!': none is; '': any), its length, bytes, note, due (0: never),
--       flags, more
local lock, life = KEYS[1], KEYS[2]
local number, mine, all, wishes, process, kept = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local counters, order, changes, hold, due, items, consumers =
    all .. 'counters', all .. 'order', all .. 'changes', all .. 'hold', all .. 'due', all .. 'items', all .. 'consumers'
local start, WORDS, FIRST, MARK, NONE = all .. 'v:', 9, 7, 20, string.rep('\0', 8)

-- A request that was sent again, as its answer was lost, is not done twice: neither the second one, nor the first, should that arrive behind it.
-- (Its answer may be long: it is read only where it is asked for.)
local done = string.match(redis.call('GETRANGE', process, '0', '31'), '^%d+')
if done then
    if tonumber(done) > tonumber(number) then return {'late'} end
    if done == number then
        local answer = string.sub(redis.call('GET', process), #done + 2)
        -- (Of `one.lua`.)
        local its_change, sum = string.match(answer, '^=(%d+) ?(-?%d*)$')
        -- (Nothing is read here, so that the server tells of no later change, nor of one since.)
        if its_change then return {'again', 1, tonumber(its_change), false, {}, false, sum ~= '' and sum or 0} end
        answer = cmsgpack.unpack(answer)
        if answer[1] == 'done' then answer[1] = 'again' end
        return answer
    end
end

-- An answer that says that nothing was done is true of the same request, too, should that have been sent before, and arrive later. (There is none
-- where this one is the first: so nothing is noted then.)
local function answer_nothing(answer)
    if string.find(wishes, 'a', 1, true) then
        -- (See below: a server without memory is to take the few bytes.)
        redis.call('DEL', all .. 'never')
        redis.call('SET', process, number .. ' ' .. cmsgpack.pack(answer), 'PX', kept)
    end
    return answer
end

local held = redis.call('GET', hold)
if held and held ~= mine then return answer_nothing({'held', held}) end
if not held and mine ~= '' then return answer_nothing({'ended'}) end

-- Names that get a place in the order, and those that have changed, as words for ZADD, which takes many at once.
-- (Numbers are turned into text for each command that is given one, which is slow.)
local placed, changed, is_noted = {}, {}, {}
local place, change, change_text = nil, 0, nil

local function next_change()
    if change == 0 then
        change = new_change(counters, life)
        change_text = string.format('%.0f', change)
    end
    return change
end

local function has_changed(name)
    next_change()
    if is_noted[name] then return end
    is_noted[name] = true
    changed[#changed + 1] = change_text
    changed[#changed + 1] = name
end

local function add_all(key, words)
    if #words == 2 then return redis.call('ZADD', key, words[1], words[2]) end
    for at = 1, #words, 1000 do redis.call('ZADD', key, unpack(words, at, math.min(at + 999, #words))) end
end

local function call_on_all(command, keys)
    for at = 1, #keys, 1000 do redis.call(command, unpack(keys, at, math.min(at + 999, #keys))) end
end

local function write_order()
    if #placed == 0 then return end
    add_all(order, placed)
    redis.call('HSET', counters, 'place', place)
    placed, place = {}, nil
end

-- The names that have got a place by this request.
local is_placed = {}

-- Names that went because they had expired, beside what was asked for. The server tells the asker neither of that, nor of anything later about
-- them and the order of the names.
local gone = {}

local function forget(name)
    write_order()
    is_placed[name] = nil
    redis.call('DEL', start .. name)
    redis.call('ZREM', due, name)
    return redis.call('ZREM', order, name) == 1
end

-- When a value expires by its first bytes; 0: never.
local function due_of(head)
    return string.byte(head) == 193 and #head >= MARK + 8 and struct.unpack('>I8', head, MARK + 1) or 0
end

-- The time (ms), which is asked for where it counts. It is the server's own: an asker with another clock would remove what others have stored.
local time = false
local function now()
    time = time or time_now()
    return time
end

-- When a value is to expire; 0: never. An asker may tell what it has taken for our time as well, and be wrong: then as much is left as it has meant. (A
-- request is on its way for a moment, and clocks move by a few milliseconds: so the time stays as it was asked for.)
local NEARLY, LAST = 100, 9223372036854774784
local function read_due(word)
    local at, its_now = string.match(word, '^(%d+) (%d+)$')
    if not at then return tonumber(word) end
    local differs = now() - tonumber(its_now)
    if math.abs(differs) <= NEARLY then differs = 0 end
    -- (The greatest one that has room in a value, and in an answer.)
    return math.max(math.min(tonumber(at) + differs, LAST), 1)
end

-- The first bytes of the values, '' where there is none, or it has expired.
local heads = {}
local function head_of(name)
    local head = heads[name]
    if not head then
        head = redis.pcall('GETRANGE', start .. name, '0', '39')
        -- (Somebody else has put something there that is no string.)
        if type(head) == 'table' then return nil end
    end
    local at = due_of(head)
    if at ~= 0 and at <= now() then
        forget(name)
        gone[#gone + 1] = name
        has_changed(name)
        head = ''
    end
    heads[name] = head
    return head
end

-- An answer after which nothing but what had expired anyway has changed. With the time, if that counted: the asker's clock may be wrong.
local function refuse(kind, what)
    add_all(changes, changed)
    -- (The time would be an old one, if it were given again.)
    local answer = answer_nothing({kind, what, gone, false})
    answer[4] = time
    return answer
end

-- Whether a value of so many bytes is longer than the server lets one become, which may be a megabyte at least. (It says so by way of a bit that it
-- does not find.)
local function is_too_long(size)
    return size > 1048576 and type(redis.pcall('GETBIT', all .. 'never', string.format('%.0f', size * 8 - 1))) == 'table'
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

-- The number behind the highest one: at least this one, where there is one. Another program may have put something there: so it goes on to one that has nothing.
-- nil: there is none; or, with a name, that has something which is none of ours.
local function following(least)
    local highest, number = redis.call('HGET', counters, 'highest'), '0'
    if highest then
        number = successor(highest)
        -- (Behind the highest number that can be is none, but for itself, where nothing has it any more.)
        if not number and head_of(highest) == '' then number = highest end
        if number and is_greater(least, number) then number = least end
    end
    while number do
        local head = head_of(number)
        if not head then return nil, number end
        if head == '' then break end
        number = successor(number)
    end
    return number
end

-- First, whether all is as the asker believes, and can be done: there is no way back from a half of it.
local is_emptied = false
for at = FIRST, #ARGV, WORDS do
    local kind, name, mark, length = ARGV[at], ARGV[at + 1], ARGV[at + 2], tonumber(ARGV[at + 3])
    if kind == 'clear' then
        is_emptied = true
    elseif kind == 'finish' then
        local item = redis.call('HGET', items, name)
        if not item or string.sub(item, 1, #mark) ~= mark then return refuse('differs', (at - FIRST) / WORDS) end
    elseif (kind == 'next' or kind == 'following') and not is_emptied then
        local _, foreign = following(ARGV[at + 8])
        if foreign then return refuse('foreign', start .. foreign) end
    elseif kind ~= 'next' and kind ~= 'following' and kind ~= 'keep' and not is_emptied then
        local head = head_of(name)
        if not head then return refuse('foreign', start .. name) end
        local as_believed
        if kind == 'unshift' then
            as_believed = is_queue(head)
        elseif mark == '' then
            as_believed = true
        elseif mark == '!' then
            as_believed = head == ''
        elseif string.byte(head) == 193 then
            as_believed = string.sub(head, 1, MARK) == mark and redis.call('STRLEN', start .. name) == length
        else
            as_believed = head == mark
        end
        if not as_believed then return refuse('differs', (at - FIRST) / WORDS) end
        local stored = (kind == 'append' or kind == 'push') and (mark ~= '' and length or redis.call('STRLEN', start .. name))
        if stored and is_too_long(stored + #ARGV[at + 4]) then
            add_all(changes, changed)
            return answer_nothing(redis.error_reply('ERR string exceeds maximum allowed size (proto-max-bulk-len)'))
        end
    end
end
is_emptied = false

-- A server without memory lets a script that has removed something go on: so what makes room can be done there, or lets an element be taken off.
local makes_room = {following = true, remove = true, clear = true, shift = true, take = true, keep = true, finish = true, unshift = true}
local is_all_room = true
for at = FIRST, #ARGV, WORDS do
    is_all_room = is_all_room and (makes_room[ARGV[at]] or string.find(ARGV[at + 7], 'r', 1, true))
end
if is_all_room then redis.call('DEL', all .. 'never') end

local makes = string.find(wishes, 'm', 1, true)
if not makes and redis.call('EXISTS', counters) == 0 then
    return answer_nothing({'done', 0, 0, false, gone, time})
end

local function expires(name, key, at)
    redis.call('ZADD', due, at, name)
    -- The memory of what nobody asks for any more goes some time after it has expired: clocks differ a little.
    -- (The server has no room for much later ones.)
    redis.call('PEXPIRE', key, string.format('%.0f', math.min(math.max(at - now(), 0), 4503599627370496) + 60000))
end

-- Gives a name its place, behind all others.
local function give_place(name, flags)
    place = (place or tonumber(redis.call('HGET', counters, 'place') or 0)) + 1
    placed[#placed + 1] = place
    placed[#placed + 1] = name
    is_placed[name] = true
    if string.find(flags, 'n', 1, true) then
        local highest = redis.call('HGET', counters, 'highest')
        if not highest or is_greater(name, highest) then redis.call('HSET', counters, 'highest', name) end
    end
end

-- The value of a name was not of our form, or an integer: so it may be another program's, which knows neither of places nor of what expires.
local function adopt(name, flags)
    local has_place = is_placed[name] or redis.call('ZSCORE', order, name)
    if not has_place then give_place(name, flags) end
    if redis.call('ZREM', due, name) == 1 or not has_place then gone[#gone + 1] = name end
end

-- Answers when the value expires; 0: never.
local function put(name, bytes, note, at, flags, plain)
    local key = start .. name
    local before = heads[name] or is_emptied and '' or head_of(name)
    heads[name] = nil
    if before ~= '' and string.find(flags, 'a', 1, true) then
        forget(name)
        before = ''
    end
    if string.find(flags, 'k', 1, true) then
        -- It expires when the value before it did, which may be another time by now than the asker knows.
        at = due_of(before)
    end
    local id = next_change()
    if plain ~= '' and at == 0 then
        redis.call('SET', key, plain)
    else
        local noted = (note ~= '' and 1 or 0) + (string.find(flags, 'q', 1, true) and 2 or 0)
        redis.call('SET', key, '\193' .. string.char(noted) .. '\0\1' .. struct.pack('>I8', id)
            .. (note ~= '' and note or NONE) .. struct.pack('>I8', at) .. struct.pack('>I4', math.min(#bytes, 4294967295)) .. bytes)
    end
    has_changed(name)
    if before == '' then
        -- (The memory of a value that has expired may have gone before its name.)
        if not is_emptied and redis.call('ZREM', due, name) == 1 then
            redis.call('ZREM', order, name)
            gone[#gone + 1] = name
        end
        give_place(name, flags)
    elseif string.byte(before) ~= 193 then
        adopt(name, flags)
    elseif at == 0 and due_of(before) ~= 0 then
        redis.call('ZREM', due, name)
    end
    if at ~= 0 then expires(name, key, at) end
    return at
end

-- Takes the first element off a list, if that is a queue.
local function shift(name, most, may_have_objects)
    local key, head = start .. name, head_of(name)
    heads[name] = nil
    if head == '' then return {'nothing', '', 0} end
    if not is_queue(head) then return {'other'} end
    local result = shift_off(key, head, most, may_have_objects, next_change)
    if result[1] == 'done' then has_changed(name) end
    return result
end

-- Keeps an item for its consumer, under a new number. (Its name says whose it is, and of which list.)
local function keep(item, name)
    local token = string.format('%.0f', redis.call('HINCRBY', counters, 'token', '1'))
    redis.call('HSET', items, token, item)
    redis.call('HSET', consumers, token, name)
    return tonumber(token)
end

local results, touched = {}, {}
for at = FIRST, #ARGV, WORDS do
    local kind, name, bytes, note, expiry, flags, more =
        ARGV[at], ARGV[at + 1], ARGV[at + 4], ARGV[at + 5], read_due(ARGV[at + 6]), ARGV[at + 7], ARGV[at + 8]
    local key, result = start .. name, 0
    if kind == 'put' then
        result = put(name, bytes, note, expiry, flags, more)
        touched[#touched + 1] = key
    elseif kind == 'append' then
        local head = head_of(name)
        heads[name] = nil
        local pieces = math.min(struct.unpack('>I2', string.sub(head, 3, 4)) + 1, 65535)
        redis.call('APPEND', key, bytes)
        redis.call('SETRANGE', key, '0', '\193\1' .. struct.pack('>I2', pieces) .. string.sub(head, 5, 12) .. note)
        has_changed(name)
        touched[#touched + 1] = key
    elseif kind == 'push' then
        local head = head_of(name)
        heads[name] = nil
        if is_queue(head) then
            result = push_onto(key, head, bytes, tonumber(more))
            has_changed(name)
        else
            result = {'other'}
        end
        touched[#touched + 1] = key
    elseif kind == 'shift' then
        result = shift(name, tonumber(ARGV[at + 3]), false)
        touched[#touched + 1] = key
    elseif kind == 'take' then
        local due = due_of(head_of(name))
        result = shift(name, tonumber(ARGV[at + 3]), true)
        if result[1] == 'done' then
            local item = bytes .. string.format('%.0f', due) .. ' ' .. #name .. ' -\n' .. name .. result[4]
            result[5] = keep(item, more .. ' ' .. name)
        end
        touched[#touched + 1] = key
    elseif kind == 'unshift' then
        local head = head_of(name)
        heads[name] = nil
        local length, skipped = read_queue(head)
        if #bytes <= skipped then
            redis.call('SETRANGE', key, QUEUE + skipped - #bytes, bytes)
            write_queue(key, head, next_change(), length + 1, skipped - #bytes)
        else
            rewrite_queue(key, head, next_change(), length + 1, bytes, skipped)
        end
        has_changed(name)
        touched[#touched + 1] = key
    elseif kind == 'add' then
        local head, sum = head_of(name), nil
        heads[name] = nil
        if head ~= '' and string.byte(head) ~= 193 then sum = redis.pcall('INCRBY', key, more) end
        if type(sum) == 'number' then
            has_changed(name)
            adopt(name, flags)
            -- As text: a Lua number has not room for all of them.
            result = redis.call('GET', key)
        end
    elseif kind == 'next' then
        local number = following(more)
        if number then
            put(number, bytes, '', 0, 'n', name)
            touched[#touched + 1] = start .. number
            result = number
        end
    elseif kind == 'following' then
        result = following(more) or 0
    elseif kind == 'remove' then
        -- (The memory of a value that has expired may have gone before its name.)
        if head_of(name) ~= '' then
            has_changed(name)
            result = 1
        end
        heads[name] = nil
        if forget(name) and result == 0 then gone[#gone + 1] = name end
        touched[#touched + 1] = key
    elseif kind == 'touch' then
        local head = head_of(name)
        heads[name] = nil
        if head ~= '' then
            if string.byte(head) == 193 then
                redis.call('SETRANGE', key, MARK, struct.pack('>I8', expiry))
                if expiry ~= 0 then
                    expires(name, key, expiry)
                else
                    redis.call('ZREM', due, name)
                    redis.call('PERSIST', key)
                end
                result = 1
            elseif expiry == 0 then
                adopt(name, flags)
                result = 1
            else
                result = 2
            end
            touched[#touched + 1] = key
        end
    elseif kind == 'clear' then
        write_order()
        local keys = redis.call('ZRANGE', order, 0, -1)
        for at, each in ipairs(keys) do
            has_changed(each)
            keys[at] = start .. each
        end
        call_on_all('UNLINK', keys)
        next_change()
        redis.call('DEL', order, due, items, consumers)
        redis.call('HDEL', counters, 'highest')
        heads, is_emptied, is_placed = {}, true, {}
    elseif kind == 'keep' then
        if makes then make_store(counters, life) end
        result = keep(bytes, name)
    elseif kind == 'finish' then
        redis.call('HDEL', items, name)
        redis.call('HDEL', consumers, name)
    end
    results[#results + 1] = result
end
write_order()
if makes and change == 0 then make_store(counters, life) end
add_all(changes, changed)
-- Some changes do more, one of 16 or of 512. Which ones those are follows from their numbers, with no period: short scripts use numbers up, too, and might
-- take just those.
local turn = change % 67108864 * 41475559 % 67108864
local function is_turn_of(many) return change ~= 0 and turn < 67108864 / many end

-- Names of what has expired go now and then, a part each time.
if is_turn_of(16) then
    local over = redis.call('ZRANGEBYSCORE', due, '-inf', now(), 'LIMIT', '0', '200')
    for _, name in ipairs(over) do
        -- (Another program may have put something there since, which expires later, or never.)
        local head = redis.pcall('GETRANGE', start .. name, '0', '39')
        local at = type(head) == 'table' and 0 or due_of(head)
        if head == '' or at ~= 0 and at <= now() then
            forget(name)
        elseif at == 0 then
            redis.call('ZREM', due, name)
        else
            redis.call('ZADD', due, at, name)
        end
        gone[#gone + 1] = name
        redis.call('ZADD', changes, change_text, name)
    end
end

-- The list of changes forgets names that are gone, the oldest ones first.
if is_turn_of(512) then
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
call_on_all('EXISTS', touched)

local alive = false
if string.find(wishes, 'l', 1, true) then
    redis.call('GET', lock)
    alive = redis.call('GET', life)
end
local answer = {'done', 1, change, alive, gone, time}
for _, result in ipairs(results) do answer[#answer + 1] = result end
redis.call('SET', process, number .. ' ' .. cmsgpack.pack(answer), 'PX', kept)
return answer

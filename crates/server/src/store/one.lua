-- A change of one value that is there and never expires, which most changes are: `change.lua` in short, to the same end. Answers 0, and has
-- done nothing, wherever there is more to it; else the number of the change, and the sum, or that the value is another one.
-- Of a queue it answers the number of the change, and its facts.
-- KEYS: the value; or the lock of the whole, where the asker is not to be told of later changes to a number
-- ARGV: the start of all keys, the name, the number of this request, the asker's own key, the mark of its hold ('' without one), 'put', 'add',
--       'push' or 'shift', the mark of the value that is to be there ('': any), its length, or that of the longest element that may be taken, the digits
--       of the value ('': it is none), or of the addend, or the number of elements, bytes, note, how long the record of the request is kept (ms)
-- `add.lua` comes first: it has given names to the first words, and has done 'add'.
if was_done_before() or (redis.call('GET', all .. 'hold') or '') ~= mine then return '0' end
-- (A value may be long: the first bytes of it are enough.)
local head = redis.pcall('GETRANGE', key, '0', '39')
if type(head) == 'table' or head == '' then return '0' end
local is_plain = string.byte(head) ~= 193
if not is_plain and string.sub(head, 21, 28) ~= '\0\0\0\0\0\0\0\0' then return '0' end
if is_plain and may_be_strange() then return '0' end
if mark ~= '' then
    if is_plain and head ~= mark then return 'differs' end
    if not is_plain and (string.sub(head, 1, 20) ~= mark or redis.call('STRLEN', key) ~= tonumber(ARGV[8])) then return 'differs' end
end
local is_of_queue = kind == 'push' or kind == 'shift'
if is_of_queue and (not is_queue(head) or kind == 'shift' and read_queue(head) == 0) then return '0' end

local change
local function next_change()
    change = new_change(counters, all .. 'life')
    return change
end

if is_of_queue then
    local result
    -- (See `change.lua`: what makes room can be done without memory.)
    if kind == 'shift' then redis.call('DEL', all .. 'never') end
    if kind == 'push' then
        result = push_onto(key, head, ARGV[10], tonumber(ARGV[9]))
    else
        result = shift_off(key, head, tonumber(ARGV[8]), false, next_change)
        if result[1] ~= 'done' then return '0' end
    end
    if not change then next_change() end
    local text = string.format('%.0f', change)
    redis.call('ZADD', all .. 'changes', text, name)
    redis.call('STRLEN', key)
    redis.call('SET', process, number .. ' ' .. cmsgpack.pack({'done', 1, change, false, {}, false, result}), 'PX', ARGV[12])
    return {text, result}
end

next_change()
local answer = string.format('%.0f', change)
redis.call('ZADD', all .. 'changes', answer, name)
local plain, bytes, note = ARGV[9], ARGV[10], ARGV[11]
if plain ~= '' then
    redis.call('SET', key, plain)
else
    redis.call('SET', key, (note ~= '' and '\193\1' or '\193\0') .. '\0\1' .. struct.pack('>I8', change)
        .. (note ~= '' and note or '\0\0\0\0\0\0\0\0') .. '\0\0\0\0\0\0\0\0' .. struct.pack('>I4', math.min(#bytes, 4294967295)) .. bytes)
end
-- The server tells the asker of later changes only of what it has read since.
redis.call('STRLEN', key)
redis.call('SET', process, number .. ' =' .. answer, 'PX', ARGV[12])
return answer

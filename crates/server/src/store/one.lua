-- A change of one value that is there and never expires, which most changes are: `change.lua` in short, to the same end. Answers 0, and has
-- done nothing, wherever there is more to it; else the number of the change, and the sum, or that the value is another one.
-- KEYS: the value
-- ARGV: the start of all keys, the name, the number of this request, the asker's own key, the mark of its hold ('' without one), 'put' or
--       'add', the mark of the value that is to be there ('': any), its length, the digits of the value ('': it is none) or of the addend, bytes,
--       note
local all, name, number, process, mine, kind, mark = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key, counters = KEYS[1], all .. 'counters'
-- (Should the answer be lost, the long script is asked, and this request may arrive behind that one.)
local last = redis.call('GET', process)
if last and tonumber(string.match(last, '^%d+')) >= tonumber(number) then return '0' end
if (redis.call('GET', all .. 'hold') or '') ~= mine then return '0' end
local head = redis.pcall('GETRANGE', key, '0', '27')
if type(head) == 'table' or head == '' then return '0' end
local is_plain = string.byte(head) ~= 193
if not is_plain and string.sub(head, 21, 28) ~= '\0\0\0\0\0\0\0\0' then return '0' end
if mark ~= '' then
    if is_plain and head ~= mark then return 'differs' end
    if not is_plain and (string.sub(head, 1, 20) ~= mark or redis.call('STRLEN', key) ~= tonumber(ARGV[8])) then return 'differs' end
end
if kind == 'add' and not (is_plain and type(redis.pcall('INCRBY', key, ARGV[9])) == 'number') then return '0' end

local change = redis.call('HINCRBY', counters, 'change', '1')
if change == 1 then
    -- (The counters were removed by somebody else.)
    redis.call('HDEL', counters, 'change')
    make_store(counters, all .. 'life')
    change = redis.call('HINCRBY', counters, 'change', '1')
end
local answer = string.format('%.0f', change)
redis.call('ZADD', all .. 'changes', answer, name)
-- The server tells the asker of later changes only of what it has read since.
if kind == 'add' then
    answer = answer .. ' ' .. redis.call('GET', key)
else
    local plain, bytes, note = ARGV[9], ARGV[10], ARGV[11]
    if plain ~= '' then
        redis.call('SET', key, plain)
    else
        redis.call('SET', key, (note ~= '' and '\193\1' or '\193\0') .. '\0\1' .. struct.pack('>I8', change)
            .. (note ~= '' and note or '\0\0\0\0\0\0\0\0') .. '\0\0\0\0\0\0\0\0' .. struct.pack('>I4', math.min(#bytes, 4294967295)) .. bytes)
    end
    redis.call('STRLEN', key)
end
redis.call('SET', process, number .. ' =' .. answer, 'PX', '120000')
return answer

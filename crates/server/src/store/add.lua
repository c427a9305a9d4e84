-- `add` of `one.lua`, before all that the other changes need: it is asked for most often, and Lua makes each function anew that a run comes to.
local all, name, number, process, mine, kind, mark = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
local key, counters = all .. 'v:' .. name, all .. 'counters'
-- (Should the answer be lost, the long script is asked, and this request may arrive behind that one.)
local function was_done_before()
    -- (The answer behind the number may be long.)
    local last = string.match(redis.call('GETRANGE', process, '0', '31'), '^%d+')
    return last and tonumber(last) >= tonumber(number)
end
-- Whether an integer may be another program's, see `adopt` of `change.lua`.
local function may_be_strange() return not redis.call('ZSCORE', all .. 'order', name) or redis.call('ZSCORE', all .. 'due', name) end

if kind == 'add' then
    local held, before = unpack(redis.call('MGET', all .. 'hold', key))
    if was_done_before() or (held or '') ~= mine then return '0' end
    if not before or before == '' or string.byte(before) == 193 then return '0' end
    if mark ~= '' and before ~= mark then return 'differs' end
    if may_be_strange() then return '0' end
    local sum = redis.pcall('INCRBY', key, ARGV[9])
    if type(sum) ~= 'number' then return '0' end
    local change = redis.call('HINCRBY', counters, 'change', '1')
    if change == 1 then
        -- (The counters were removed by somebody else.)
        redis.call('HDEL', counters, 'change')
        redis.call('SET', key, before, 'KEEPTTL')
        return '0'
    end
    local answer = string.format('%.0f', change)
    redis.call('ZADD', all .. 'changes', answer, name)
    -- The server tells the asker of later changes only of what it has read since. (And a Lua number has not room for all of them.)
    local is_exact = sum < 9007199254740992 and sum > -9007199254740992
    if KEYS[1] == key or not is_exact then sum = redis.call('GET', key) else sum = string.format('%.0f', sum) end
    answer = answer .. ' ' .. sum
    redis.call('SET', process, number .. ' =' .. answer, 'PX', ARGV[12])
    return answer
end

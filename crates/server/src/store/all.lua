-- Everything at one moment: the lock, and then each name with its place and its value.
-- KEYS: counters, order, changes, lock, ... ARGV: the start of the keys of values
local names = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
local all = {redis.call('GET', KEYS[4])}
for at = 1, #names, 2 do
    all[#all + 1] = names[at]
    all[#all + 1] = names[at + 1]
    all[#all + 1] = redis.call('GET', ARGV[1] .. names[at])
end
return all

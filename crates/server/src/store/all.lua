-- Everything at one moment: the lock, and then each name with its place and its value.
-- KEYS: the lock, the life of the store. ARGV: the start of all keys
local names = redis.call('ZRANGE', ARGV[1] .. 'order', 0, -1, 'WITHSCORES')
local all = {redis.call('GET', KEYS[1])}
for at = 1, #names, 2 do
    all[#all + 1] = names[at]
    all[#all + 1] = names[at + 1]
    -- (By MGET, which takes a key of another kind for none.)
    all[#all + 1] = redis.call('MGET', ARGV[1] .. 'v:' .. names[at])[1]
end
return all

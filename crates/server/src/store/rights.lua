-- The commands that the user may not run in scripts. (Before Redis 7.0 nobody says.)
-- KEYS: a key of the store. ARGV: the commands.
local refused = {}
for _, command in ipairs(redis.acl_check_cmd and ARGV or {}) do
    if not redis.acl_check_cmd(command, KEYS[1]) then refused[#refused + 1] = command end
end
return refused

-- The bytes before the elements of a queue, those before an element, and the mark in these of one that the asker may not be able to make.
local HEAD, QUEUE, BEFORE, OBJECTS = 32, 40, 4, 2147483648

-- By the first bytes of a value.
local function is_queue(head)
    return #head == QUEUE and string.byte(head) == 193 and math.floor(string.byte(head, 2) / 2) % 2 == 1
end

-- How many elements a queue has, and how many bytes before them were taken.
local function read_queue(head)
    return -1 - struct.unpack('>i8', head, 13), struct.unpack('>I8', head, HEAD + 1)
end

-- Writes the facts of a queue. A new number tells it apart from all before it; without one its length, or that of its bytes, does.
local function write_queue(key, head, number, length, skipped)
    local from = number and 4 or 12
    local facts = struct.pack('>i8', -1 - length) .. string.sub(head, 21, HEAD) .. struct.pack('>I8', skipped)
    if number then facts = struct.pack('>I8', number) .. facts end
    redis.call('SETRANGE', key, from, facts)
    return string.sub(head, 1, from) .. facts
end

-- Writes a queue anew, under a new number: some elements, and then those behind so many bytes.
local function rewrite_queue(key, head, number, length, elements, skipped)
    head = string.sub(head, 1, 4) .. struct.pack('>I8', number) .. struct.pack('>i8', -1 - length)
        .. string.sub(head, 21, HEAD) .. string.rep('\0', QUEUE - HEAD)
    redis.call('SET', key, head .. elements .. redis.call('GETRANGE', key, QUEUE + skipped, -1), 'KEEPTTL')
    return head
end

-- Appends elements to a queue; its facts, and how long it is.
local function push_onto(key, head, elements, count)
    local length, skipped = read_queue(head)
    local stored = redis.call('APPEND', key, elements)
    return {'done', write_queue(key, head, nil, length + count, skipped), stored}
end

-- Takes the first element off a queue, if it has at most so many bytes: the facts of the queue, how long that is, and the element.
local function shift_off(key, head, most, may_have_objects, next_number)
    local length, skipped = read_queue(head)
    local stored = redis.call('STRLEN', key)
    if length == 0 then return {'nothing', head, stored} end
    local at = QUEUE + skipped
    local bytes = redis.call('GETRANGE', key, at, at + 255)
    local before = struct.unpack('>I4', bytes)
    local size = before % OBJECTS
    if before >= OBJECTS and not may_have_objects then return {'objects', head, stored} end
    if size > most then return {'long', head, stored, size} end
    local element = string.sub(bytes, BEFORE + 1, BEFORE + size)
    if #element < size then element = redis.call('GETRANGE', key, at + BEFORE, at + BEFORE + size - 1) end
    skipped = skipped + BEFORE + size
    -- (The bytes that were taken go once there are more of them than of others: so that pays for as many elements.)
    if skipped > 4096 and 2 * skipped > stored then
        head = rewrite_queue(key, head, next_number(), length - 1, '', skipped)
        stored = stored - skipped
    else
        head = write_queue(key, head, nil, length - 1, skipped)
    end
    return {'done', head, stored, element}
end


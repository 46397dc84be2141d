-- What lies in flight or waits for its time is `<level> <site> <entry>`; nil if it is not.
local function split(record)
  local first = string.find(record, ' ', 1, true)
  local second = first and string.find(record, ' ', first + 1, true)
  local level = first and tonumber(string.sub(record, 1, first - 1))
  if not second or not level or level % 1 ~= 0 then return nil end
  return level, string.sub(record, first + 1, second - 1), string.sub(record, second + 1)
end

-- An entry is a msgpack array that begins with its version and its crash count, a byte each (wire.py).
local function is_entry(entry)
  local head, version, crashes = string.byte(entry, 1, 3)
  return head == 0x9b and version == 1 and crashes ~= nil and crashes < 128
end

-- Why something is no entry: 'version' for one of another linkcrawl, whose array begins with another version.
local function why_not_entry(value)
  local head, version = string.byte(value, 1, 2)
  local is_array = head and head >= 0x90 and head <= 0x9f
  return is_array and version and version ~= 1 and version < 128 and 'version' or 'garbage'
end

-- The server's time, in us and ms.
local clock = redis.call('TIME')
local now_us = clock[1] * 1000000 + clock[2]
local now = math.floor(now_us / 1000)

-- A 16-digit number as text; `..` alone would round it to 14 digits.
local function whole(number) return string.format('%.0f', number) end

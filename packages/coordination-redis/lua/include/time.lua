--- Redis' clock, which stands still within a script. Decides nothing; dates records and lifts fences.
local time = redis.call('TIME')
local nowMicros = time[1] * 1000000 + time[2]
local nowMs = math.floor(nowMicros / 1000)

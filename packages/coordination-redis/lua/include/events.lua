--- @include "time"
--- Events are kept for people; the oldest beyond a bound are forgotten. Steps of units are many, and push out
--- only each other.
local eventsMax, unitEventsMax = 10000, 20000

--- Type, message and facts (JSON) of each event, from that argument to the end. Ids grow over both streams, so that
--- they can be told as one.
local function appendEvents(from)
  local ms = math.max(nowMs, tonumber(redis.call('HGET', tag .. ':last-event', 'ms') or '0'))
  local sequence = tonumber(redis.call('HGET', tag .. ':last-event', 'sequence') or '0')
  for index = from, #ARGV, 3 do
    sequence = sequence + 1
    local isOfUnit = string.sub(ARGV[index], 1, 5) == 'unit.'
    local stream, max = tag .. ':events', eventsMax
    if isOfUnit then stream, max = tag .. ':unit-events', unitEventsMax end
    redis.call('XADD', stream, 'MAXLEN', '~', max, string.format('%.0f-%.0f', ms, sequence),
      'type', ARGV[index], 'message', ARGV[index + 1], 'facts', ARGV[index + 2])
  end
  redis.call('HSET', tag .. ':last-event', 'ms', string.format('%.0f', ms), 'sequence', string.format('%.0f', sequence))
end

--- Events are kept for people; the oldest beyond a bound are forgotten. Steps of units are many, and push out
--- only each other.
local eventsMax, unitEventsMax = 10000, 20000

--- Type, message and facts (JSON) of each event, from that argument to the end.
local function appendEvents(from)
  for index = from, #ARGV, 3 do
    local isOfUnit = string.sub(ARGV[index], 1, 5) == 'unit.'
    local stream = tag .. (isOfUnit and ':unit-events' or ':events')
    redis.call('XADD', stream, 'MAXLEN', '~', isOfUnit and unitEventsMax or eventsMax, '*',
      'type', ARGV[index], 'message', ARGV[index + 1], 'facts', ARGV[index + 2])
  end
end

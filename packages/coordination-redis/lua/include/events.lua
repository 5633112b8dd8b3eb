--- Events are kept for people; the oldest beyond a bound are forgotten.
local eventsMax = 10000

--- Type, message and facts (JSON) of each event, from that argument to the end.
local function appendEvents(from)
  for index = from, #ARGV, 3 do
    redis.call('XADD', tag .. ':events', 'MAXLEN', '~', eventsMax, '*',
      'type', ARGV[index], 'message', ARGV[index + 1], 'facts', ARGV[index + 2])
  end
end

--- Guard of the leader's scripts: the term in ARGV[1], `<coordinator>|<epoch>|`, must be the running
--- one. Answers 'not-leader' otherwise, before anything is written.
local leader = redis.call('GET', tag .. ':leader')
if not leader or string.sub(leader, 1, #ARGV[1]) ~= ARGV[1] then return 'not-leader' end

-- Offsets, bytes and fences are whole numbers up to 2^53; tostring() would write 1e+15.
local function text(number)
  return string.format('%.0f', number)
end

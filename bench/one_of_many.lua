-- Each request asks for one of the paths in the file that PATHS names, drawn by chance.
local paths = {}
for path in io.lines(os.getenv("PATHS")) do
  paths[#paths + 1] = path
end

function request()
  return wrk.format("GET", paths[math.random(#paths)])
end

# What failed in the output of tap: each assertion with the path of tests that leads to it, and where it stands.
#   awk -f failures.awk -v details=1 LOG    with what was found and wanted, at most so many lines each
#   awk -f failures.awk LOG                 one line each
# A test that failed by what is in it is not told again.

function level(line) { match(line, /^ */); return int(RLENGTH / 4) }
function nameOf(line) {
  sub(/^ *not ok [0-9]+( - )?/, "", line)
  sub(/ # time=.*$/, "", line)
  return line
}
function pathTo(depth,    path, i) {
  path = ""
  for (i = 0; i < depth; i++) path = path (file[i] != "" ? file[i] " > " : "") (i in within ? within[i] " > " : "")
  return path (file[depth] != "" ? file[depth] " > " : "")
}
function tell() {
  if (title == "") return
  # The place comes last, and the whole line is cut to some length.
  print "- " (length(title) > 330 ? substr(title, 1, 330) "…" : title) (place != "" ? " (" place ")" : "")
  if (details) printf "%s", text
  title = ""
}
{ gsub(/\033\[[0-9;]*m/, "") }
BEGIN { if (!lines) lines = 40; title = ""; deepest = 0 }

/^ *# Subtest: / {
  tell()
  depth = level($0)
  name = $0
  sub(/^ *# Subtest: /, "", name)
  within[depth] = name
  hasTold[depth] = 0
  for (i = depth + 1; i <= deepest; i++) file[i] = ""
  if (depth > deepest) deepest = depth
  next
}
# Files that share a process say where each begins.
/^ *# test\/[^ ]*\.test\.ts$/ {
  tell()
  depth = level($0)
  file[depth] = $2
  if (depth > deepest) deepest = depth
  next
}
/^ *not ok / {
  tell()
  depth = level($0)
  name = nameOf($0)
  if ((depth in within) && name == within[depth] && hasTold[depth]) { hasTold[depth] = 0; next }
  for (i = 0; i < depth; i++) hasTold[i] = 1
  title = pathTo(depth) name
  place = text = ""
  count = 0
  next
}
title != "" && /^ *\.\.\.$/ { tell(); next }
title != "" && /^ *(ok|[0-9]+\.\.[0-9]+|# )/ { tell(); next }
title != "" {
  if ($1 == "fileName:") place = $2
  if ($1 == "lineNumber:" && place !~ /:/) place = place ":" $2
  # What waits in a test's stead (soon.ts) stands nowhere in particular: its test does.
  if (place ~ /fixtures\/soon\.ts:/ && $0 !~ /fixtures\/soon\.ts:/ && match($0, /\(test\/[^:() ]*:[0-9]+/))
    place = substr($0, RSTART + 1, RLENGTH - 1)
  if (++count <= lines) text = text $0 "\n"
  else if (count == lines + 1) text = text "  (and more: see above)\n"
}
END { tell() }

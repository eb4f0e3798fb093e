# What tests said in the output of tap that they could not do on this machine, each reason once.
#   awk -f left-out.awk LOG
{ gsub(/\033\[[0-9;]*m/, "") }
/^ *# LEFT OUT: / {
  sub(/^ *# /, "")
  if (!told[$0]++) print substr($0, 1, 400)
}

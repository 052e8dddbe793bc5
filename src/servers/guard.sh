# Runs one server for as long as standard input stays open and stops it when that closes, however the other side ended.
# Standard output is a locked file: the server inherits it, so the lock is held until its last process is gone.
# Standard error is the log. Arguments: signal to stop, signal after 15 s, folder to remove at the end or "", command...
stop=$1 harder=$2 remove=$3
shift 3
exec 3<&0 9>&1 1>&2

"$@" </dev/null 3<&- &
server=$!

(
    read -r _ <&3
    trap '' TERM
    kill -s "$stop" "$server"
    tenths=0
    while kill -0 "$server" 2>/dev/null; do
        tenths=$((tenths + 1))
        [ "$tenths" -ne 150 ] || kill -s "$harder" "$server"
        [ "$tenths" -ne 200 ] || kill -s KILL "$server"
        sleep 0.1
    done
    exit 0
) 9>&- &
watcher=$!

trap 'kill -s "$stop" "$server"' TERM
wait "$server"
status=$?
while kill -0 "$server" 2>/dev/null; do
    wait "$server"
    status=$?
done

# The watcher ends well only when the other side is gone; a server that ended by itself leaves its folder for another try.
kill "$watcher" 2>/dev/null
if wait "$watcher" && [ -n "$remove" ]; then
    rm -rf -- "$remove"
fi
exit "$status"

#!/bin/sh
# Finds a Python and lets tools/bootstrap.py make or repair the clone's .venv. POSIX sh, since nothing else is certain to
# be here. PYTHON=/path/to/python chooses; otherwise the newest of 3.14 to 3.11 that really runs and is complete (version
# managers leave shims that only print an error).
#
#   sh tools/bootstrap.sh demo|dev     make .venv ready for `make demo` or for `make test` and `make check`
#   sh tools/bootstrap.sh python       print the Python that would be used; fail if none will do

cd "$(dirname "$0")/.." || exit 4
what=${1:-demo}

# The second time: one short question to the venv's own Python, nothing else.
if [ -z "${PYTHON:-}" ] && [ "$what" != python ] && [ -x .venv/bin/python ]; then
    .venv/bin/python -E -s -S -m tools.bootstrap --ready "$what" 2>/dev/null && exit 0
fi

if [ -n "${PYTHON:-}" ]; then set -- "$PYTHON"; else set -- python3.14 python3.13 python3.12 python3.11 python3 python; fi
complete='import sys, ensurepip, sqlite3, ssl, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
talks='import sys; sys.exit(sys.version_info < (3, 7))'
found='' talker=''
for name; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if "$path" -I -c "$complete" >/dev/null 2>&1; then found=$path; break; fi
    # Not complete, but able to say in a sentence what it lacks. The first one is the newest.
    if [ -z "$talker" ] && "$path" -c "$talks" >/dev/null 2>&1; then talker=$path; fi
done

if [ "$what" = python ]; then
    [ -n "$found" ] && echo "$found"
    exit
fi
if [ -z "$found$talker" ]; then
    cat >&2 <<END
trimtab set-up: no Python that can be used was found${PYTHON:+ at PYTHON=$PYTHON}. Trimtab needs 3.11, 3.12, 3.13 or 3.14:
  Debian, Ubuntu   apt-get install python3 python3-venv
  Fedora           dnf install python3
  Arch             pacman -S python
  macOS            brew install python@3.13
or name one that is elsewhere: make ... PYTHON=/path/to/python3
END
    exit 4
fi
exec "${found:-$talker}" -E -s -m tools.bootstrap "$what"

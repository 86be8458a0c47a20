# Make .venv as requirements.txt and constraints.txt want it; do nothing if it already is.
# Called by make, in the folder of the course. PYTHON may name the Python to build it with.
set -eu

say() { printf '%s\n' "$*" >&2; }

suits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

# What .venv was made from: another checksum (also after the folder was moved) makes it anew.
wanted=$( { cat requirements.txt constraints.txt pyproject.toml; pwd; } | cksum )
stamp=.venv/course-stamp

if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$wanted" ] && suits .venv/bin/python; then
    exit 0
fi

if ! suits .venv/bin/python || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    base= no_venv=
    for python in "${PYTHON:-}" python3 python3.13 python3.12 python3.11 python; do
        if [ -n "$python" ] && suits "$python"; then
            if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
                base=$python
                break
            fi
            no_venv=$python
        fi
    done
    if [ -z "$base" ] && [ -n "$no_venv" ]; then
        say "$no_venv has no venv module: install it (Debian, Ubuntu: sudo apt install python3-venv) and try again."
        exit 1
    elif [ -z "$base" ]; then
        say "No Python 3.11, 3.12 or 3.13 was found: install one (https://www.python.org/downloads/), or name it as in: make lab PYTHON=/path/to/python3.12"
        exit 1
    fi
    say "Making .venv with $("$base" --version)."
    "$base" -m venv --clear .venv
fi

# Without a stamp until all is installed, so that an interrupted run is taken up again.
rm -f "$stamp"
say "Installing the course into .venv: about 2 GB, some minutes; only this once."
.venv/bin/python -m pip install --disable-pip-version-check -r requirements.txt -c constraints.txt
printf '%s\n' "$wanted" > "$stamp"

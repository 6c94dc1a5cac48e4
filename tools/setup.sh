# Sourced by tools/ebee and tools/test with $root set: makes $root/.venv and installs ebee into it.
#
# setup EXTRAS WORDS   EXTRAS is "" or "[test]"; WORDS tell the user what is being made.
# It does nothing when the installed project file is the present one. $PYTHON names another interpreter.

venv=$root/.venv

fail() {
    echo "${0##*/}: $1" >&2
    exit 1
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    if [ -n "${PYTHON:-}" ]; then
        command -v "$PYTHON" >/dev/null || fail "there is no '$PYTHON' (from \$PYTHON)"
        is_new_enough "$PYTHON" || fail "$("$PYTHON" --version 2>&1) (from \$PYTHON) is too old: ebee needs Python 3.11 or newer"
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if is_new_enough "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$(python3 --version 2>&1) || found="no python3"
    fail "ebee needs Python 3.11 or newer, here is $found; name another one with PYTHON=/path/to/python3"
}

setup() {
    want=$(cksum <"$root/pyproject.toml")
    for stamp in "$venv/.installed[test]" "$venv/.installed$1"; do
        if [ "$(cat "$stamp" 2>/dev/null)" = "$want" ] && "$venv/bin/python" -c '' 2>/dev/null; then
            return
        fi
    done
    [ -w "$root" ] || fail "cannot write to $root, where the virtual environment .venv belongs: use a clone of your own"
    python=$(find_python) || exit 1
    "$python" -c 'import venv, ensurepip' 2>/dev/null ||
        fail "this Python cannot make virtual environments; on Debian and Ubuntu: apt-get install python3-venv"
    echo "$2" >&2
    if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear "$venv" >&2 || fail "could not make the virtual environment $venv"
    fi
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check -e "$root$1" >&2 ||
        fail "could not install ebee into $venv (see pip's message above)"
    echo "$want" >"$stamp"
}

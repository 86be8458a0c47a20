# Open JupyterLab on lesson 00. Called by make, in the folder of the course.
set -eu

# On this computer only; no questions to the network for news and updates.
set -- --ServerApp.ip=127.0.0.1 \
    --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb \
    --LabApp.news_url=None \
    --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

if [ "$(id -u)" = 0 ]; then # as in a container
    set -- "$@" --allow-root
fi
if [ "$(uname)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    set -- "$@" --no-browser
    echo "There is no display here: open the address printed below"
fi
exec .venv/bin/python -m jupyterlab "$@"

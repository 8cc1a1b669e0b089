# SPDX-License-Identifier: MIT
"""The pictures: bars by workload, and cost against number of handles."""
import sys

COLOURS = {"eddy": "#c0392b", "libuv": "#2c7fb8", "libev": "#41ab5d",
           "libevent": "#9e7cc1", "floor": "#999999"}


def draw(parts, folder):
    """Draws what can be drawn, and returns the files."""
    try:
        import matplotlib
        matplotlib.use("Agg")
        from matplotlib import pyplot
    except ImportError:
        sys.stderr.write("bench: no matplotlib, so no pictures\n")
        return []
    # The same picture is the same file.
    matplotlib.rcParams.update({"svg.hashsalt": "eddy", "font.size": 9,
                                "svg.fonttype": "none"})
    made = [bars(pyplot, parts, folder / "workloads.svg")]
    if parts.get("growth"):
        made.append(growth(pyplot, parts["growth"], folder / "growth.svg"))
    return made


def save(figure, path):
    figure.savefig(path, bbox_inches="tight", metadata={"Date": None})
    return path


def bars(pyplot, parts, path):
    """Each row's times as multiples of the floor's, or of the best."""
    rows = parts["rows"]
    figure, axes = pyplot.subplots(figsize=(8, 0.42 * len(rows) + 1))
    names = [n for n in COLOURS if n != "floor"]
    for at, row in enumerate(rows):
        libraries = row["libraries"]
        base = libraries.get("floor") or min(
            libraries.values(), key=lambda v: v["median"])
        for i, name in enumerate(names):
            if name in libraries:
                axes.barh(at + 0.2 * (i - 1.5),
                          libraries[name]["median"] / base["median"],
                          height=0.18, color=COLOURS[name],
                          label=name if at == 0 else None)
    axes.axvline(1, color=COLOURS["floor"], linewidth=1, label="floor")
    axes.set_xscale("log")
    axes.set_yticks(range(len(rows)),
                    [f"{r['workload']} {r['args']}" for r in rows])
    axes.invert_yaxis()
    axes.set_xlabel("cost, as a multiple of the floor's")
    axes.legend(loc="upper right")
    save(figure, path)
    pyplot.close(figure)
    return path


def growth(pyplot, kinds, path):
    figure, all_axes = pyplot.subplots(1, len(kinds), figsize=(12, 4))
    for axes, (kind, rows) in zip(all_axes, kinds.items()):
        for name, colour in COLOURS.items():
            points = [(int(row["args"].split("/")[0]),
                       row["libraries"][name]["median"])
                      for row in rows if name in row["libraries"]]
            if points:
                axes.plot(*zip(*sorted(points)), marker="o", markersize=3,
                          color=colour, label=name)
        axes.set(xscale="log", yscale="log", title=kind,
                 xlabel=f"number of {kind}", ylabel=f"ns ({rows[0]['workload']})")
        # A decade at the least, or noise would look like growth.
        low, high = axes.get_ylim()
        middle = (low * high) ** 0.5
        axes.set_ylim(min(low, middle / 3.2), max(high, middle * 3.2))
        axes.grid(True, which="major", linewidth=0.3)
    all_axes[0].legend()
    figure.tight_layout()
    save(figure, path)
    pyplot.close(figure)
    return path

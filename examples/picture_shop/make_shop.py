"""Make a shop whose pictures are drawn by code: coloured shapes on white, and users who like a colour and a shape.

    python examples/picture_shop/make_shop.py build/picture-shop

No title says a colour or a shape, so only the pictures tell which items are alike. Nothing here is real: pictures,
names, users and orders come from a fixed seed.
"""

from __future__ import annotations

import colorsys
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from scoring.data.shop import Shop
from scoring.data.tables import Tables

CATEGORIES = ("cushion", "rug", "plate", "candle", "clock", "lamp")
SHAPES = ("circle", "square", "triangle", "star", "hexagon", "cross")
HUES = {"red": 0.0, "orange": 0.08, "green": 0.35, "blue": 0.61, "purple": 0.8, "pink": 0.93}
N_USERS, N_ORDERS, SIDE = 200, 12, 96
SYLLABLES = ("al", "be", "cor", "da", "el", "fin", "gri", "hel", "in", "jo", "ka", "lum", "mi", "nor", "os", "pel")


def points(shape: str) -> list[tuple[float, float]]:
    """Return the corners of a shape around the origin."""
    if shape == "cross":
        half = [(-0.3, -1), (0.3, -1), (0.3, -0.3), (1, -0.3), (1, 0.3), (0.3, 0.3)]
        return half + [(-x, -y) for x, y in half]
    corners = {"square": 4, "triangle": 3, "hexagon": 6, "star": 10, "circle": 60}[shape]
    radii = [0.45 if shape == "star" and n % 2 else 1.0 for n in range(corners)]
    angles = np.arange(corners) * 2 * np.pi / corners - np.pi / 2
    return [(r * float(np.cos(t)), r * float(np.sin(t))) for r, t in zip(radii, angles, strict=True)]


def draw(shape: str, colour: str, rng: np.random.Generator) -> Image.Image:
    """Return a picture: one shape in one colour, of varying size and place."""
    picture = Image.new("RGB", (SIDE, SIDE), "white")
    size, left, top = rng.uniform(24, 38), *rng.uniform(42, 54, size=2)
    lightness = rng.choice([0.62, 0.8]) if colour == "pink" else rng.choice([0.42, 0.52])
    red, green, blue = colorsys.hls_to_rgb(HUES[colour], lightness, 0.75)
    fill = tuple(round(255 * part) for part in (red, green, blue))
    ImageDraw.Draw(picture).polygon([(left + size * x, top + size * y) for x, y in points(shape)], fill=fill)
    return picture


def make_shop(folder: Path, *, seed: int = 0) -> pd.DataFrame:
    """Write tables and pictures.

    Args:
        folder: Folder for the tables; pictures go to ``images`` in it.
        seed: Source of chance.

    Returns:
        The items with the colour and shape that were drawn, which the tables do not have.
    """
    rng = np.random.default_rng(seed)
    (folder / "images").mkdir(parents=True, exist_ok=True)
    names = [f"{a}{b}".title() for a in SYLLABLES for b in SYLLABLES if a != b]
    names = [str(name) for name in rng.permutation(names)]
    rows = []
    for category in CATEGORIES:
        for shape in SHAPES:
            for colour in HUES:
                item_id = f"P{len(rows):03d}"
                draw(shape, colour, rng).save(folder / "images" / f"{item_id}.png")
                title = f"{names[len(rows)]} {category}"
                rows.append((item_id, title, f"{category}s", f"{item_id}.png", shape, colour))
    items = pd.DataFrame(rows, columns=["item_id", "title", "category", "image", "shape", "colour"])
    events = pd.concat([orders(f"user {n:03d}", items, rng) for n in range(N_USERS)], ignore_index=True)
    Tables(
        events.sort_values(["user_id", "timestamp"], ignore_index=True),
        items.drop(columns=["shape", "colour"]),
        shop=Shop(name="Shapes", currency="EUR"),
    ).write(folder)
    return items


def orders(user_id: str, items: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return a user's orders: mostly new items in the favourite colour or shape, sometimes anything."""
    colour, shape = rng.choice(list(HUES)), rng.choice(SHAPES)
    is_liked = ((items["colour"] == colour) | (items["shape"] == shape)).to_numpy()
    weight = np.where(is_liked, 30.0, 1.0)
    chosen = rng.choice(len(items), size=N_ORDERS, replace=False, p=weight / weight.sum())
    days = np.sort(rng.integers(0, 330, size=N_ORDERS))
    return pd.DataFrame(
        {
            "user_id": user_id,
            "item_id": items["item_id"].to_numpy()[chosen],
            "timestamp": pd.Timestamp("2025-01-02T12:00") + pd.to_timedelta(days, unit="D"),
            "price": 10.0,
        }
    )


if __name__ == "__main__":
    made = make_shop(Path(sys.argv[1] if len(sys.argv) > 1 else "build/picture-shop"))
    print(f"{len(made)} items with pictures, {N_USERS} users")

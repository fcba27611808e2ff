"""Pictures drawn here become columns; colours and shapes are known by construction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import SettingError, TableError
from llm_explain.importers.pictures import pixels as pixels_module
from llm_explain.importers.pictures.encoders import ColourShape, open_encoder
from llm_explain.importers.pictures.pixels import foreground, main_colour, read_picture
from llm_explain.importers.pictures.run import check_pictures, import_pictures, picture_columns
from scoring.data.catalogue import Catalogue
from scoring.data.tables import Tables
from scoring.model.item_tower import dense_columns

if TYPE_CHECKING:
    from pathlib import Path

BLUE, RED = (30, 60, 200), (200, 30, 30)


def drawn(shape: str, fill: tuple[int, int, int], *, side: int = 80, box: int = 40) -> Image.Image:
    picture = Image.new("RGB", (side, side), "white")
    corner = (side - box) // 2
    getattr(ImageDraw.Draw(picture), shape)((corner, corner, corner + box, corner + box), fill=fill)
    return picture


def pixels(shape: str, fill: tuple[int, int, int], **size: int) -> np.ndarray:
    return np.array(drawn(shape, fill, **size))


def test_the_main_colour_is_that_of_the_shape() -> None:
    picture = pixels("rectangle", (0, 0, 255))
    assert foreground(picture).sum() == 41 * 41
    # The blue of sRGB is CIELAB (32.30, 79.19, -107.86) under D65.
    np.testing.assert_allclose(main_colour(picture), [32.30, 79.19, -107.86, 1.0], atol=0.02)


def test_a_picture_of_two_colours_has_a_small_share() -> None:
    picture = pixels("rectangle", BLUE)
    picture[20:40, 20:61] = RED
    assert 0.45 < main_colour(picture)[3] < 0.55


def test_colour_and_shape_decide_what_is_near() -> None:
    blue_square, small, red_square, blue_circle = ColourShape().encode(
        [
            pixels("rectangle", BLUE),
            pixels("rectangle", (40, 70, 210), side=60, box=20),
            pixels("rectangle", RED),
            pixels("ellipse", BLUE),
        ]
    )
    assert np.linalg.norm(blue_square) == pytest.approx(1.0)
    distances = [float(np.linalg.norm(blue_square - other)) for other in (small, red_square, blue_circle)]
    assert distances[0] < 0.2 < min(distances[1:])


def test_a_transparent_picture_is_read_on_white(tmp_path: Path) -> None:
    Image.new("RGBA", (1000, 500), (0, 0, 0, 0)).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert picture.shape == (128, 256, 3)
    assert (picture == 255).all()
    (tmp_path / "b.png").write_text("no picture")
    with pytest.raises(TableError, match=r"b\.png is not a readable picture but one is needed"):
        read_picture(tmp_path / "b.png")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    drawn("rectangle", BLUE).save(tmp_path / "a.png")
    drawn("ellipse", RED).save(tmp_path / "b.jpg")
    items = pd.DataFrame(
        {
            "item_id": ["a", "b", "c", "d"],
            "title": ["Mug", "Bowl", "Plate", "Cup"],
            "category": "kitchen",
            "image": ["a.png", "b.jpg", None, "lost.png"],
        }
    )
    events = pd.DataFrame({"user_id": ["u"], "item_id": ["a"], "timestamp": pd.to_datetime(["2025-01-01"])})
    Tables(events, items).write(tmp_path / "data")
    return tmp_path


def test_columns_are_written_checked_and_read_by_the_item_tower(shop: Path) -> None:
    data = shop / "data"
    done = import_pictures(data, images=shop, out=data, encoder=ColourShape())
    assert (done.pictures, done.missing) == (2, {"no name": 1, "no file": 1})
    items = Tables.read(data).items
    assert items["embedding_image"].notna().tolist() == [True, True, False, False]
    assert len(items["embedding_image"][0]) == done.width
    dense = dense_columns(Catalogue(items), np.full(4, np.nan), None)
    assert dense.shape == (4, 2 + done.width + 4)
    assert np.linalg.norm(dense[0, 2 : 2 + done.width]) == pytest.approx(1.0)
    assert not dense[2:].any()
    assert check_pictures(data, images=shop, encoder=ColourShape()) == []
    drawn("rectangle", RED).save(shop / "a.png")
    assert check_pictures(data, images=shop, encoder=ColourShape()) == ["a"]


def test_the_command_line(shop: Path) -> None:
    arguments = ["import", "pictures", "--data", str(shop / "data"), "--images", str(shop)]
    done = CliRunner().invoke(app, [*arguments, "--out", str(shop / "out"), "--json"])
    assert json.loads(done.stdout)["pictures"] == 2
    unwritten = CliRunner().invoke(app, [*arguments, "--check"])
    assert (unwritten.exit_code, json.loads(unwritten.stdout)) == (1, {"differ": ["a", "b"]})


def test_a_shop_without_pictures_is_an_error(shop: Path) -> None:
    with pytest.raises(
        TableError, match=r"the items have no picture under .* \(missing: {'no file': 3, 'no name': 1}\)"
    ):
        import_pictures(shop / "data", images=shop / "empty", out=shop / "out", encoder=ColourShape())


def test_a_supplier_names_no_file_outside_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for path in (tmp_path / "secret.png", folder / "own.png"):
        drawn("rectangle", RED).save(path)
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    names = ["own.png", "../secret.png", str(tmp_path / "secret.png"), "link.png", "/etc/passwd", "x" * 5_000, "a\0b"]
    columns, missing = picture_columns(pd.DataFrame({"image": names}), folder, ColourShape())
    assert columns["embedding_colour"].notna().tolist() == [True, *[False] * 6]
    assert missing == {"no file": 6}


def test_a_picture_of_many_pixels_or_of_a_program_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "large.png"
    drawn("rectangle", RED).save(path)
    monkeypatch.setattr(pixels_module, "MOST_PIXELS", 6_399)
    with pytest.raises(TableError, match="more than 6,399 pixels"):
        read_picture(path)
    drawn("rectangle", RED).save(path, format="EPS")
    with pytest.raises(TableError, match="cannot identify image file"):
        read_picture(path)


def test_any_vision_model_is_an_encoder(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=16
    )
    transformers.ViTModel(config).save_pretrained(tmp_path)
    transformers.ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path)
    encoder = open_encoder(str(tmp_path))
    vectors = encoder.encode([pixels("rectangle", BLUE), pixels("ellipse", RED), pixels("rectangle", BLUE)])
    assert vectors.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0)
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    with pytest.raises(SettingError, match="but a vision model with a picture processor is needed"):
        open_encoder(str(tmp_path / "nothing"))

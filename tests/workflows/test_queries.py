"""What a person can look for: each way gives the latent that the network, or the class centres, give."""

import io

import numpy as np
import pytest
from PIL import Image

from explorer import places
from explorer.data.centring import as_digit
from explorer.data.dataset import Dataset
from explorer.data.strokes import Stroke, drawn
from explorer.errors import BadDataError, BadValueError
from explorer.settings import Settings
from explorer.workflows import queries
from explorer.workflows.maps import LatentMap, latent_map
from explorer.workflows.queries import form_of_digits, of_drawing, of_item, of_text, of_upload
from explorer.workflows.runs import Items, load_items
from explorer.zoo.run import Run
from tests.workflows.test_search import TARGETS, TRAIN, make_run

SEVEN = drawn([Stroke(((70, 60), (180, 60), (110, 200)), 22)])


def shipped(name: str) -> Run:
    return Run(places.models() / name)


@pytest.fixture
def installation(tmp_path) -> Settings:
    return Settings(data_root=tmp_path / "data", runs_root=tmp_path / "runs", device="cpu")


@pytest.fixture
def run(tmp_path) -> Run:
    return make_run(tmp_path / "tiny", posterior=True)


@pytest.fixture
def space(run) -> LatentMap:
    return latent_map(run)


def png(image) -> bytes:
    out = io.BytesIO()
    Image.fromarray(image).save(out, "PNG")
    return out.getvalue()


def test_an_id_that_is_none_is_one_sentence(run):
    with pytest.raises(BadValueError, match="has no item 77; give the id"):
        of_item(run, None, 77)


def test_an_item_whose_latent_was_not_kept_is_encoded():
    run = shipped("digits-vae")
    image = as_digit(SEVEN, side=8, box=8)[None]
    ids = np.array([999_999])
    data = Dataset("digits", image[None], np.array([7]), tuple("0123456789"), ids, np.array([False]))
    given = of_item(run, Items(data), 999_999)
    assert given.label == 7
    assert given.z == pytest.approx(run.encode(image[None])[0], abs=1e-5)
    with pytest.raises(BadValueError, match="has no item 999998"):
        of_item(run, Items(data), 999_998)


def test_a_drawn_digit_is_found_among_its_like():
    for name in ("mnist-petals", "mnist-codes"):
        run = shipped(name)
        space = latent_map(run)
        given = of_drawing(run, SEVEN)
        assert given.image.shape == run.card.shape
        assert given.image[0].tolist() == as_digit(SEVEN).tolist()
        gaps = np.linalg.norm(space.latents.z - given.z, axis=1)
        labels = space.latents.labels[np.argsort(gaps)[:10]]
        assert (labels == 7).all()
        assert (given.std is not None) == (name == "mnist-codes")
        assert given.vectors.z.shape == (1, run.card.latent_dims)


def test_a_photographed_digit_is_what_its_drawing_is(installation):
    run = shipped("mnist-petals")
    drawing, upload = of_drawing(run, SEVEN), of_upload(run, png(255 - SEVEN // 2), installation)
    assert np.abs(drawing.image.astype(int) - upload.image).max() <= 2
    assert upload.words == "Uploaded digit: white on black, centred and of one size, as the run's digits are"


def test_a_digit_is_left_as_it_is_where_that_is_asked_for(installation):
    run = shipped("mnist-petals")
    page = np.full((56, 56), 255, np.uint8)
    page[20:30, 20:30] = 0
    left = of_upload(run, png(page), installation, digit=False)
    assert left.image[0, :8].min() > 250
    assert left.words == "Uploaded picture: cut to its middle, 28 x 28 pixels, grey"


def test_an_upload_is_encoded_as_the_run_encodes_its_items(installation):
    run = shipped("textures-petals")
    image = np.random.default_rng(0).integers(0, 255, (32, 32)).astype(np.uint8)
    given = of_upload(run, png(image), installation)
    assert given.image[0].tolist() == image.tolist()
    assert given.z == pytest.approx(run.encode(image[None, None])[0], abs=1e-6)
    assert given.label is None


def test_a_drawing_is_for_runs_on_digits():
    with pytest.raises(BadValueError, match="was not trained on digits"):
        of_drawing(shipped("textures-petals"), SEVEN)


def test_a_run_in_colour_gets_grey_in_each_channel():
    given = of_drawing(shipped("coloured-gvae-nt"), SEVEN)
    assert given.image.shape == (3, 28, 28)
    assert (given.image == given.image[:1]).all()


def test_a_run_on_vectors_takes_a_row_of_numbers_and_neither_drawing_nor_picture(installation):
    run = shipped("bodies-structured")
    vector = np.linspace(-1, 1, run.card.shape[0])
    out = io.BytesIO()
    np.save(out, vector)
    given = of_upload(run, out.getvalue(), installation)
    assert given.words == "Uploaded vector of 2,916 numbers"
    assert given.z == pytest.approx(run.encode(vector)[0], abs=1e-5)
    with pytest.raises(BadDataError, match="a picture does not fit"):
        of_upload(run, png(SEVEN), installation)
    with pytest.raises(BadValueError, match="so a drawing does not fit"):
        of_drawing(run, SEVEN)


def test_an_empty_drawing_is_one_sentence():
    with pytest.raises(BadDataError, match="Nothing is drawn yet"):
        of_drawing(shipped("mnist-petals"), np.zeros((256, 256), np.uint8))


def test_pictures_are_fitted_as_those_of_the_import_were(installation, monkeypatch):
    run = shipped("textures-petals")
    data = run.card.data.model_copy(update={"name": "folder", "settings": {"name": "photos"}})
    run.card = run.card.model_copy(update={"data": data})
    asked: list[str] = []

    class Record:
        asked = {"fit": "pad"}

    monkeypatch.setattr(queries, "read_record", lambda name, _: asked.append(name) or Record)
    given = of_upload(run, png(np.full((10, 40), 200, np.uint8)), installation)
    assert asked == ["photos"]
    assert not given.image[0, :12].any()
    assert given.words == "Uploaded picture: padded with black, 32 x 32 pixels, grey"


def test_a_text_is_a_place_between_the_configured_centres(run, space):
    given = of_text(run, space, "mostly stripes, plain")
    assert given.z == pytest.approx(0.75 * TARGETS.centres[0] + 0.25 * TARGETS.centres[2])
    assert (given.std, given.image, given.label) == (None, None, None)
    assert given.words == "Between the configured class centres: 75% of stripes, 25% of plain"
    one = of_text(run, space, "plain")
    assert (one.label, one.words) == (2, "Of the configured class centres, that of plain")


def test_without_configured_centres_a_text_asks_for_the_means_of_the_training_latents(tmp_path):
    run = make_run(tmp_path / "bare", targets=False)
    train = run.latents("train")
    assert len(train.z) == TRAIN
    given = of_text(run, latent_map(run), "stripes and plain")
    means = [train.z[train.labels == label].mean(axis=0) for label in (0, 2)]
    assert given.z == pytest.approx(np.mean(means, axis=0), abs=1e-6)
    assert given.words == "Between the mean training latents: 50% of stripes, 50% of plain"


def test_a_text_lies_on_a_curved_space(tmp_path):
    run = make_run(tmp_path / "bent", dims=3, targets=False)
    run.card = run.card.model_copy(update={"config": {"geometry": "sphere"}})
    given = of_text(run, latent_map(run), "stripes and plain")
    assert np.linalg.norm(given.z) == pytest.approx(1)


def test_texts_that_mean_nothing_here_are_one_sentence(run, space):
    with pytest.raises(BadValueError, match="Nothing here is called 'sofa'"):
        of_text(run, space, "a sofa")
    run.card = run.card.model_copy(update={"classes": []})
    with pytest.raises(BadValueError, match="this run has none"):
        of_text(run, space, "plain")


def test_a_class_without_training_items_is_one_sentence(tmp_path):
    run = make_run(tmp_path / "bare", targets=False)
    space = latent_map(run)
    space.latents.labels[(space.latents.labels == 2) & ~space.is_test] = -1
    with pytest.raises(BadValueError, match="No training item of this run is known to be 'plain'"):
        of_text(run, space, "mostly stripes, plain")
    assert of_text(run, space, "stripes").label == 0


def test_only_runs_on_digits_have_their_form():
    asked = {name: form_of_digits(shipped(name).card) for name in ("mnist-ae", "digits-vae", "textures-petals")}
    assert asked == {"mnist-ae": (28, 20), "digits-vae": (8, 8), "textures-petals": None}


def test_what_the_decoder_cannot_give_back_is_doubted_and_the_runs_own_items_are_not(installation):
    run = shipped("digits-vae")
    noise = np.random.default_rng(0).integers(0, 255, (8, 8)).astype(np.uint8)
    assert "unlike the data of the run" in of_upload(run, png(noise), installation, digit=False).doubt
    images = load_items(run.card, installation).images(run.latents("test").ids[:100])
    assert np.mean([of_upload(run, png(image[0]), installation, digit=False).doubt != "" for image in images]) < 0.05

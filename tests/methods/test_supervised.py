import numpy as np
import pytest
import torch
from torch.nn import functional as F

from explorer.errors import BadValueError
from explorer.method import Batch, InputSpec
from explorer.methods.supervised import SupervisedConfig, build, class_targets, loss
from explorer.networks.autoencoder import Autoencoder

SPEC = InputSpec((1, 16, 16), 3)


def small(**settings) -> SupervisedConfig:
    return SupervisedConfig(width=0.0625, **settings)


def network_of(config: SupervisedConfig, spec: InputSpec = SPEC) -> Autoencoder:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return build(config, spec).eval()


def batch(labels: list[int]) -> Batch:
    images = torch.rand(len(labels), *SPEC.shape, generator=torch.Generator().manual_seed(1))
    return Batch(images, torch.tensor(labels), torch.Generator())


def test_loss_is_the_sum_of_its_weighted_terms_by_hand():
    config = small(geometric_weight=0.7, reconstruction_weight=3.0)
    network, items = network_of(config), batch([0, 1, 2, 1])
    with torch.no_grad():
        terms = loss(network, items, config)
        z = network.encode(items.x)
        logits, x_hat = network.classify(z).double().numpy(), network.decode(z)
    labels = items.labels.numpy()
    log_probabilities = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    centres = 0.85 * np.array([[np.cos(2 * np.pi * i / 3), np.sin(2 * np.pi * i / 3)] for i in labels])
    beyond = np.maximum(np.linalg.norm(z.double().numpy() - centres, axis=1) - 0.34, 0)
    assert set(terms) == {"cross_entropy", "geometric", "reconstruction"}
    assert terms["cross_entropy"].item() == pytest.approx(-log_probabilities[range(4), labels].mean(), rel=1e-5)
    assert terms["geometric"].item() == pytest.approx(0.7 * (np.exp(beyond) - 1).sum(), rel=1e-5)
    assert terms["reconstruction"].item() == pytest.approx(3 * ((x_hat - items.x) ** 2).mean().item(), rel=1e-5)


def test_weights_default_to_the_papers():
    config = SupervisedConfig()
    assert (config.geometric_weight, config.class_radius, config.latent_dims) == (0.2, 0.34, 2)


def test_without_geometric_weight_there_is_no_term_and_no_targets():
    config = small(geometric_weight=0)
    assert set(loss(network_of(config), batch([0, 1]), config)) == {"cross_entropy"}
    assert class_targets(config, SPEC) is None


def test_without_reconstruction_weight_there_is_no_decoder_and_no_term():
    network = network_of(small())
    assert network.decoder is None
    assert set(loss(network, batch([0, 1]), small())) == {"cross_entropy", "geometric"}
    with pytest.raises(BadValueError, match="no decoder; train it with a positive reconstruction_weight"):
        network.decode(torch.zeros(1, 2))


@pytest.mark.parametrize("kind", SupervisedConfig.model_json_schema()["properties"]["reconstruction"]["enum"])
def test_unlabelled_items_have_the_reconstruction_alone(kind):
    config = small(reconstruction_weight=2.0, reconstruction=kind)
    terms = loss(network_of(config), batch([-1, -1, -1]), config)
    assert terms["cross_entropy"] == 0
    assert terms["geometric"] == 0
    assert terms["reconstruction"] > 0


def test_unlabelled_items_change_nothing_for_the_labelled():
    network, items = network_of(small()), batch([0, 2, -1, -1])
    labelled = Batch(items.x[:2], items.labels[:2], torch.Generator())
    with torch.no_grad():
        mixed, alone = loss(network, items, small()), loss(network, labelled, small())
    for name in ("cross_entropy", "geometric"):
        assert mixed[name].item() == pytest.approx(alone[name].item(), rel=1e-5)


@pytest.mark.parametrize("kind", SupervisedConfig.model_json_schema()["properties"]["reconstruction"]["enum"])
def test_each_kind_of_reconstruction_is_finite_with_a_finite_gradient(kind):
    config = small(reconstruction_weight=1.0, reconstruction=kind)
    network = network_of(config)
    loss(network, batch([0, 1, 2]), config)["reconstruction"].backward()
    gradients = [p.grad for p in network.decoder.parameters()]
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("n_classes", [1, 2, 3, 5, 10, 40])
def test_circle_holds_any_number_of_classes_without_overlap(n_classes):
    config = small()
    spec = InputSpec(SPEC.shape, n_classes)
    targets = class_targets(config, spec)
    assert targets.centres.shape == (n_classes, 2)
    assert (targets.neighbour_distances > 2 * 0.34).all()
    assert network_of(config, spec).classify(torch.zeros(1, 2)).shape == (1, n_classes)


def test_given_distance_and_radius_are_used():
    targets = class_targets(small(centre_distance=2.5, class_radius=0.1), SPEC)
    assert np.linalg.norm(targets.centres, axis=1) == pytest.approx(2.5)
    assert targets.radii == pytest.approx(0.1)


def test_simplex_fits_one_dimension_less_than_classes():
    spec = InputSpec(SPEC.shape, 5)
    config = small(layout="simplex", latent_dims=4)
    centres = class_targets(config, spec).centres
    gaps = np.linalg.norm(centres[:, None] - centres[None], axis=2)[~np.eye(5, dtype=bool)]
    assert gaps == pytest.approx(gaps[0])
    assert network_of(config, spec).encode(torch.rand(2, *SPEC.shape)).shape == (2, 4)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"latent_dims": 3}, r"circle lies in 2 dimensions, but latent_dims = 3\. Choose the layout simplex"),
        ({"latent_dims": 3, "layout": "simplex"}, r"simplex of 5 classes needs 4 latent dimensions or more, not 3\."),
    ],
)
def test_layout_that_does_not_fit_is_refused_in_one_sentence(settings, sentence):
    with pytest.raises(BadValueError, match=sentence) as told:
        build(small(**settings), InputSpec(SPEC.shape, 5))
    assert "\n" not in str(told.value)


def test_without_geometric_loss_any_dimensions_do():
    assert network_of(small(geometric_weight=0, latent_dims=3)).latent_dims == 3


@pytest.mark.parametrize("shape", [(1, 15, 32), (1, 32, 8), (3, 4, 4)])
def test_texture_network_takes_sixteen_pixels_and_more_and_smaller_images_take_another(shape):
    assert type(build(small(), InputSpec(shape, 3)).encoder).__name__ in ("ConvEncoder", "MlpEncoder")
    assert type(build(small(), InputSpec((1, 16, 16), 3)).encoder).__name__ == "TextureEncoder"
    with pytest.raises(BadValueError, match="16 pixels"):
        build(small(network="texture"), InputSpec(shape, 3))


def test_cross_entropy_agrees_with_torch_on_labelled_batches():
    network, items = network_of(small()), batch([0, 1, 2, 2, 1])
    with torch.no_grad():
        expected = F.cross_entropy(network.classify(network.encode(items.x)), items.labels)
        assert loss(network, items, small())["cross_entropy"].item() == pytest.approx(expected.item(), rel=1e-5)

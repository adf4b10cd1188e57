"""What the group VAEs do beyond the contract."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from explorer.errors import BadDataError, BadValueError
from explorer.method import Batch, InputSpec
from explorer.methods import METHODS
from explorer.methods.group_vaes import ADAGVAE, GVAE, GVAE_NT, GVAEConfig, GVAEntConfig, shared_dims
from explorer.methods.vae import VAE, VAEConfig
from explorer.training.config import TrainingConfig
from explorer.training.engine import check_training
from tests.runs import items

SPEC = InputSpec((1, 16, 16), 3)
SMALL = {"width": 0.25, "latent_dims": 5, "content_dims": 3}


def batch(k: int = 2, n: int = 8, seed: int = 0) -> Batch:
    x = torch.rand(n, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    return Batch(x, torch.zeros(n, dtype=torch.long), torch.Generator().manual_seed(seed), None, k)


def test_group_of_equal_images_costs_as_many_times_what_one_costs_a_vae():
    network = GVAE.build(GVAEConfig(**SMALL), SPEC).eval()
    x = batch().x[:1].expand(6, 1, 16, 16)
    terms = GVAE.loss(network, Batch(x, torch.zeros(6), torch.Generator().manual_seed(0), None, 6), GVAEConfig(**SMALL))
    alone = VAE.loss(network, Batch(x, torch.zeros(6), torch.Generator().manual_seed(0)), VAEConfig(latent_dims=5))
    for name, value in alone.items():
        assert terms[name].item() == pytest.approx(6 * value.item(), rel=1e-5)


def test_prototypes_add_their_term_and_change_nothing_else():
    network = GVAE_NT.build(GVAEntConfig(**SMALL), SPEC).eval()
    with_term, without = (
        GVAE_NT.loss(network, batch(), GVAEntConfig(**SMALL)),
        GVAE.loss(network, batch(), GVAEConfig(**SMALL)),
    )
    assert set(with_term) - set(without) == {"prototypical"}
    assert with_term["kl"] == without["kl"]
    doubled = GVAE_NT.loss(network, batch(), GVAEntConfig(**SMALL, prototype_weight=200))
    assert doubled["prototypical"].item() == pytest.approx(2 * with_term["prototypical"].item())


def test_content_is_the_first_dimensions_and_adaptive_ones_are_each_pairs_own():
    mean, logvar = torch.randn(2, 4, 2, 5, generator=torch.Generator().manual_seed(0)).unbind()
    assert shared_dims(mean, logvar, GVAEConfig(**SMALL)).tolist() == [True, True, True, False, False]
    found = shared_dims(mean, logvar, ADAGVAE.config(latent_dims=5))
    assert found.shape == (4, 5)
    assert len({tuple(row) for row in found.tolist()}) > 1


def test_content_that_leaves_no_perspective_is_refused():
    with pytest.raises(BadValueError, match="leaves none for the perspective"):
        GVAE.build(GVAEConfig(latent_dims=3, content_dims=3), SPEC)


@pytest.mark.parametrize("name", ["gvae", "gvae-nt", "adagvae", "adagvae-nt"])
def test_data_without_groups_are_refused(name):
    method = METHODS[name]
    with pytest.raises(BadDataError, match="no groups to learn from"):
        check_training(method, method.config(), items(), TrainingConfig())


def test_group_with_one_member_is_refused():
    dataset = items()
    lonely = replace(dataset, factors={"who": np.append(np.arange(63) // 7, 99)[::-1].copy()}, group="who")
    with pytest.raises(BadDataError, match="Group 99 of rows has 1 training item"):
        check_training(GVAE, GVAEConfig(group_size=2), lonely, TrainingConfig())

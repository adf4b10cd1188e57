import hashlib
import re

import pytest
import torch
from torch import nn

from explorer.errors import BadDataError, BadValueError
from explorer.method import InputSpec
from explorer.methods.ae import AE, AEConfig
from explorer.methods.separate import SEPARATE, SeparateConfig
from explorer.networks import pretrained
from explorer.networks.backbone import NetworkConfig
from explorer.networks.googlenet import GoogLeNetDecoder, GoogLeNetEncoder
from explorer.networks.pretrained import beginning, load_pretrained, with_pretrained


def torchvisions(**settings) -> nn.Module:
    from torchvision.models import GoogLeNet

    return GoogLeNet(aux_logits=False, init_weights=False, **settings)


@pytest.fixture(autouse=True)
def hub(tmp_path, monkeypatch):
    """An empty cache of torch hub in place of this machine's."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "hub"))
    return tmp_path / "hub" / "hub" / "checkpoints"


@pytest.fixture
def weights(tmp_path, monkeypatch):
    """A data root that holds weights in torchvision's form, auxiliary heads included."""
    from torchvision.models import GoogLeNet

    whole = GoogLeNet(aux_logits=True, init_weights=False)
    with torch.no_grad():
        for parameter in whole.parameters():
            parameter.add_(0.01)
    (tmp_path / "weights").mkdir()
    path = tmp_path / "weights" / "made.pth"
    torch.save(whole.state_dict(), path)
    name = f"googlenet-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.pth"
    path.rename(path.with_name(name))
    monkeypatch.setattr(pretrained, "WEIGHTS", name)
    return tmp_path, whole.eval()


def test_every_parameter_gets_a_finite_gradient_from_photographs():
    shape = (3, 224, 224)
    model = nn.Sequential(GoogLeNetEncoder(shape, outputs=8), GoogLeNetDecoder(shape, latent_dims=8))
    x = torch.rand(2, *shape)
    logits = model(x)
    assert logits.shape == x.shape
    (logits.sigmoid() - x).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


def test_decoder_has_the_papers_eleven_layers():
    decoder = GoogLeNetDecoder((3, 224, 224), latent_dims=1024)
    assert [(layer.in_features, layer.out_features) for layer in decoder.modules() if isinstance(layer, nn.Linear)] == [
        (1024, 980)
    ]
    assert decoder.start == (20, 7, 7)
    made = [layer for layer in decoder.modules() if isinstance(layer, nn.ConvTranspose2d)]
    assert [layer.kernel_size for layer in made] == [(3, 3)] * 10
    assert (made[0].in_channels, made[-1].out_channels) == (20, 3)
    assert not isinstance(list(decoder.modules())[-1], nn.ReLU)


@pytest.mark.parametrize("shape", [(3, 47, 47), (1, 50, 81), (3, 224, 224)])
def test_encoder_is_torchvisions_network_up_to_the_last_pooling(shape):
    encoder, whole = GoogLeNetEncoder(shape, outputs=4).eval(), torchvisions(transform_input=True).eval()
    whole.load_state_dict(
        {**encoder.stages.state_dict(), "fc.weight": torch.eye(1000, 1024), "fc.bias": torch.zeros(1000)}
    )
    x = torch.rand(2, *shape)
    mean, deviation = (torch.tensor(values)[:, None, None] for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        pooled = encoder.features(x).mean(dim=(2, 3))
        torch.testing.assert_close(pooled[:, :1000], whole((x - mean) / deviation), rtol=1e-3, atol=1e-5)
        torch.testing.assert_close(encoder(x), encoder.linear(pooled))


@pytest.mark.parametrize("shape", [(3, 47, 47), (1, 63, 98)])
def test_smallest_and_odd_photographs_come_back_in_shape_in_training_too(shape):
    encoder, decoder = GoogLeNetEncoder(shape, outputs=2), GoogLeNetDecoder(shape, latent_dims=2)
    for n in (1, 3):
        assert decoder(encoder(torch.rand(n, *shape))).shape == (n, *shape)


def test_images_of_other_channels_are_refused():
    with pytest.raises(BadValueError, match="needs grey or colour images, 1 or 3 channels, not 4"):
        GoogLeNetEncoder((4, 64, 64), outputs=2)


def test_auto_means_what_lies_on_the_machine(hub, tmp_path):
    of_google, of_conv = NetworkConfig(network="googlenet"), NetworkConfig(network="conv")
    assert with_pretrained(of_google, tmp_path).pretrained == "none"
    assert "random" in beginning(with_pretrained(of_google, tmp_path))
    hub.mkdir(parents=True)
    (hub / pretrained.WEIGHTS).write_bytes(b"")
    assert with_pretrained(of_google, tmp_path).pretrained == "imagenet"
    assert "ImageNet's weights" in beginning(with_pretrained(of_google, tmp_path))
    assert with_pretrained(of_google.model_copy(update={"pretrained": "none"}), tmp_path).pretrained == "none"
    assert with_pretrained(of_conv, tmp_path).pretrained == "none"
    assert beginning(of_conv) == ""


def test_weights_that_are_asked_for_but_not_there_are_one_sentence(tmp_path):
    with pytest.raises(
        BadValueError, match=re.escape(f"Put torchvision's {pretrained.WEIGHTS} into the folder weights")
    ):
        with_pretrained(NetworkConfig(network="googlenet", pretrained="imagenet"), tmp_path)
    with pytest.raises(BadValueError, match="conv has no ImageNet weights. Choose googlenet"):
        with_pretrained(NetworkConfig(network="conv", pretrained="imagenet"), tmp_path)


@pytest.mark.parametrize(("method", "config"), [(AE, AEConfig), (SEPARATE, SeparateConfig)])
def test_every_encoder_begins_with_the_weights_on_the_machine(weights, method, config):
    root, whole = weights
    settled = with_pretrained(config(network="googlenet", latent_dims=4), root)
    network = method.build(settled, InputSpec((3, 64, 64), 3))
    load_pretrained(network, settled, root)
    encoders = [part for part in network.modules() if isinstance(part, GoogLeNetEncoder)]
    assert len(encoders) == (2 if method is SEPARATE else 1)
    for encoder in encoders:
        for name, tensor in encoder.stages.state_dict().items():
            torch.testing.assert_close(tensor, whole.state_dict()[name])


def test_weights_of_another_file_are_refused(weights):
    root, _ = weights
    path = root / "weights" / pretrained.WEIGHTS
    content = path.read_bytes()
    config = AEConfig(network="googlenet", pretrained="imagenet")
    for spoil in (lambda: path.write_bytes(content[:-1] + b"x"), path.unlink):
        spoil()
        with pytest.raises(BadDataError, match="gone, damaged or not torchvision's"):
            load_pretrained(AE.build(config, InputSpec((3, 64, 64), 3)), config, root)

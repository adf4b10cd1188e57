"""What the choice of precision and threads brings, and that it costs no accuracy.

The dense VAE (784-500-100-10, `vae --network mlp`) and the convolutional autoencoder (`ae`) on MNIST,
or on digits where the data root has no MNIST, in turn and for some seconds each:
- ours as the engine settles it here against ours in float32 on all cores;
- ours as settled against the common script: a DataLoader of PIL images, float32, torch's default Adam.
`--accuracy` trains both precisions for the same epochs and seeds and compares what came out: accuracy of
a linear SVM on the latents, and reconstruction error.
"""

import argparse
import os

import numpy as np
import torch
from harness import table
from harness.training import PilImages, Task, endless, engine, in_turn, loader, stepping

from explorer.data import DATASETS
from explorer.data.dataset import Dataset
from explorer.errors import ExplorerError
from explorer.latent.confidence import fit_svm
from explorer.methods import METHODS
from explorer.settings import load_settings
from explorer.training.config import TrainingConfig
from explorer.training.engine import train
from explorer.training.pace import settle
from explorer.training.trainee import Trainee

BATCH = 100
MANY = 1000  # epochs, so that settling is worth its while
PLAIN = TrainingConfig(batch_size=BATCH, augment=False, precision="32-true")
SETTINGS = {"vae": {"network": "mlp", "latent_dims": 10}, "ae": {"latent_dims": 10}}


def data() -> Dataset:
    """MNIST where it is at hand, else digits."""
    root = load_settings().data_root
    try:
        return DATASETS["mnist"].prepare(DATASETS["mnist"].config(), root)
    except ExplorerError:
        return DATASETS["digits"].load(DATASETS["digits"].config(), root, None)


def task_of(name: str, dataset: Dataset) -> Task:
    """A method with the settings above."""
    method = METHODS[name]
    return Task(method, method.config(**SETTINGS[name]), dataset, BATCH)


def settled(task: Task) -> TrainingConfig:
    """What the engine takes here and now."""
    open_choice = PLAIN.model_copy(update={"precision": "auto", "epochs": MANY})
    network = task.trainee(PLAIN).network
    return settle(network, task.method, task.config, task.dataset, open_choice, "cpu")


def rates(task: Task, rounds: int, seconds: float) -> None:
    """Let the contestants run in turn and print the rows."""
    from torchvision.transforms import ToTensor

    choice = settled(task)
    batches = endless(loader(PilImages(task.dataset, ToTensor()), BATCH))
    contestants = {
        "settled": engine(task, choice),
        "plain": engine(task, PLAIN),
        "script": stepping(task, batches, torch.optim.Adam),
    }
    found = in_turn(contestants, rounds, seconds)
    name = task.method.name
    table.row(f"{name}: settled / float32, all cores", found["settled"], found["plain"], "im/s", best="high")
    table.row(f"{name}: settled / DataLoader script", found["settled"], found["script"], "im/s", best="high")
    table.row(f"{name}: float32, all cores / script", found["plain"], found["script"], "im/s", best="high")
    table.note(f"{name} settled on {choice.precision} and {choice.threads} threads")


def accuracies(task: Task, epochs: int, seeds: int) -> None:
    """Train in both precisions and print what came out."""
    found: dict[str, list[tuple[float, float]]] = {"bf16-mixed": [], "32-true": []}
    for seed in range(seeds):
        for precision, results in found.items():
            run = PLAIN.model_copy(update={"epochs": epochs, "seed": seed, "precision": precision})
            trainee = task.trainee(run)
            for _ in train(trainee, task.method, task.config, task.dataset, run):
                pass
            results.append(quality(trainee, task.dataset))
    ours, peer = (list(zip(*results, strict=True)) for results in found.values())
    name = task.method.name
    table.row(f"{name}: SVM accuracy, bf16 / float32", ours[0], peer[0], "%", best="high")
    table.row(f"{name}: reconstruction RMSE, bf16 / float32", ours[1], peer[1], "", best="low")


@torch.inference_mode()
def quality(trainee: Trainee, dataset: Dataset) -> tuple[float, float]:
    """Test accuracy of an SVM on the latents in percent, and root mean squared error of reconstructions."""
    network, latents, error = trainee.network.eval(), {}, 0.0
    for split in ("train", "test"):
        x = [network.normalise(torch.from_numpy(part)) for part in dataset.parts(dataset.rows(split))]
        z = [network.encode(part) for part in x]
        latents[split] = torch.cat(z).numpy()
        error = sum(float((network.decode(b) - a).square().sum()) for a, b in zip(x, z, strict=True))
    rows = dataset.rows("test")
    svm = fit_svm(latents["train"], dataset.labels[dataset.rows("train")], n_classes=len(dataset.classes))
    right = (svm.predict(latents["test"]) == dataset.labels[rows]).mean()
    return 100 * float(right), float(np.sqrt(error / (len(rows) * np.prod(dataset.shape))))


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: does it run?")
    parser.add_argument("--accuracy", action="store_true", help="compare accuracies instead of rates")
    parser.add_argument("--rounds", type=int, default=5, help="of each contestant")
    parser.add_argument("--seconds", type=float, default=3, help="of each round")
    parser.add_argument("--epochs", type=int, default=6, help="with --accuracy")
    parser.add_argument("--seeds", type=int, default=3, help="with --accuracy: trainings of each")
    flags = parser.parse_args()
    if flags.quick:
        flags.rounds, flags.seconds, flags.epochs, flags.seeds = 2, 0.3, 1, 1
    dataset = data()
    what = "Accuracy" if flags.accuracy else "Training rate"
    policy = os.environ.get("OMP_WAIT_POLICY", "not set")
    table.header(f"{what} on {dataset.name}, batches of {BATCH}, OMP_WAIT_POLICY {policy}", flags.rounds)
    for name in SETTINGS:
        if flags.accuracy:
            accuracies(task_of(name, dataset), flags.epochs, flags.seeds)
        else:
            rates(task_of(name, dataset), flags.rounds, flags.seconds)


if __name__ == "__main__":
    main()

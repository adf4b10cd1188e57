"""Slow, obvious twins of what the package computes fast: plain loops over plain numbers."""

import math

import numpy as np
import torch


def geometric_loss(z, labels, centres, radii) -> list[float]:
    """One value a sample."""
    losses = []
    for latent, label in zip(z, labels, strict=True):
        if label < 0:
            losses.append(0.0)
            continue
        outside = math.dist(latent, centres[label]) - radii[label]
        if outside <= 0:
            losses.append(0.0)
        elif outside <= 20:
            losses.append(math.exp(outside) - 1)
        else:
            losses.append(math.exp(20) - 1 + math.exp(20) * (outside - 20))
    return losses


def class_similarity(z, centres, radii, boundary) -> list[list[float]]:
    """Rows of one value a class."""
    rows = []
    for latent in z:
        row = []
        for i, (centre, radius) in enumerate(zip(centres, radii, strict=True)):
            others = [math.dist(centre, other) for j, other in enumerate(centres) if j != i]
            distance = math.dist(latent, centre)
            if distance <= radius:
                row.append(1 - (1 - boundary) / math.sin(1) * math.sin(distance / radius))
            elif not others:
                row.append(boundary)
            else:
                row.append(max(0.0, boundary * (min(others) - distance) / (min(others) - radius)))
        rows.append(row)
    return rows


def latent_similarity(v_query, v_gallery) -> list[list[float]]:
    """Rows of one value a gallery item."""
    rows = []
    for query in v_query:
        row = []
        for item in v_gallery:
            total = max(sum(query), sum(item))
            row.append(sum(min(a, b) for a, b in zip(query, item, strict=True)) / total if total > 0 else 0.0)
        rows.append(row)
    return rows


def cosine(one, other) -> float:
    """0 where one of them is a zero vector."""
    lengths = [math.hypot(*one), math.hypot(*other)]
    if not all(lengths):
        return 0.0
    return sum(a / lengths[0] * (b / lengths[1]) for a, b in zip(one, other, strict=True))


def without_shading(image: torch.Tensor) -> torch.Tensor:
    """Each pixel less the mean of those at most seven rows and columns away."""
    detail = torch.empty_like(image)
    for row in range(image.shape[-2]):
        for column in range(image.shape[-1]):
            around = image[:, max(row - 7, 0) : row + 8, max(column - 7, 0) : column + 8]
            detail[:, row, column] = image[:, row, column] - around.mean(dim=(1, 2))
    return detail


def pattern_error(x_hat: torch.Tensor, x: torch.Tensor) -> float:
    """Every shift of every image, one at a time."""
    losses = []
    for made, wanted in zip(map(without_shading, x_hat.double()), map(without_shading, x.double()), strict=True):
        contrast_made, contrast = (float((image**2).mean()) ** 0.5 for image in (made, wanted))
        height, width = wanted.shape[-2:]
        shifts = [(down, right) for down in range(height) for right in range(width)]
        products = [float((torch.roll(made, shift, (-2, -1)) * wanted).mean()) for shift in shifts]
        losses.append((contrast_made - contrast) ** 2 + contrast * (1 - max(products) / (contrast_made * contrast)))
    return sum(losses) / len(losses)


def best(scores, k, *, largest, leave_out=None) -> list[int]:
    """Rows, best first: sort everything by (score, row)."""
    rows = [row for row in range(len(scores)) if row != leave_out]
    return sorted(rows, key=lambda row: (-scores[row] if largest else scores[row], row))[:k]


def average_precision(relevance) -> float:
    found, total = 0, 0.0
    for rank, relevant in enumerate(relevance, 1):
        if relevant:
            found += 1
            total += found / rank
    return total / found if found else math.nan


def average_precision_at(relevance, k) -> float:
    value = average_precision(relevance[:k])
    return 0.0 if math.isnan(value) else value


def ndcg(grades) -> float:
    def gain(ranked) -> float:
        return sum((2**grade - 1) / math.log2(rank + 1) for rank, grade in enumerate(ranked, 1))

    perfect = gain(sorted(grades, reverse=True))
    return gain(grades) / perfect if perfect else math.nan


def precision_recall(rankings) -> list[float]:
    """Interpolated precision at recall 0, 0.1, ..., 1, averaged over the rankings with a relevant item."""
    curves = []
    for relevance in rankings:
        total = sum(relevance)
        if not total:
            continue
        curve = []
        for level in range(11):
            # recall >= level / 10, in whole numbers
            reached = [rank for rank in range(1, len(relevance) + 1) if 10 * sum(relevance[:rank]) >= level * total]
            curve.append(max(sum(relevance[:rank]) / rank for rank in reached))
        curves.append(curve)
    return [sum(points) / len(curves) for points in zip(*curves, strict=True)]


def class_rankings(z, labels) -> list[list[int]]:
    """For each labelled item, 0/1 of the other labelled items from near to far."""
    labelled = [row for row, label in enumerate(labels) if label >= 0]
    rankings = []
    for query in labelled:
        others = sorted((float(np.linalg.norm(z[query] - z[row])), row) for row in labelled if row != query)
        rankings.append([int(labels[row] == labels[query]) for _, row in others])
    return rankings


def raw_stress(x, labels, class_distances) -> float:
    """Over all pairs once, those within a class at distance 0."""
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    return sum((math.dist(x[i], x[j]) - class_distances[labels[i]][labels[j]]) ** 2 for i, j in pairs)


def guttman_step(x, labels, class_distances) -> np.ndarray:
    """The next points of SMACOF from the whole n x n matrix B(X)."""
    n = len(x)
    b = np.zeros((n, n))
    for i in range(n):
        for j in range(n):
            distance = math.dist(x[i], x[j])
            if i != j and distance > 0:
                b[i, j] = -class_distances[labels[i]][labels[j]] / distance
        b[i, i] = -b[i].sum()
    return b @ x / n


def most_uncertain(scores, n, candidates) -> list[int]:
    """Rows by (highest less second-highest score, row)."""
    margins = {row: sorted(scores[row])[-1] - sorted(scores[row])[-2] for row in candidates}
    return sorted(margins, key=lambda row: (margins[row], row))[:n]


def most_open(shares, n, candidates) -> list[int]:
    """Rows by entropy of their shares of the classes, the largest first, then by row."""
    found = {row: round(-sum(p * math.log(p) for p in shares[row] if p > 0), 9) for row in candidates}
    return sorted(found, key=lambda row: (-found[row], row))[:n]


def farthest_first(z, n, candidates, there) -> list[int]:
    """Again and again the candidate whose nearest of those that are there is farthest; the first of equal ones."""
    there, left, picks = list(there), sorted(candidates), []
    while left and len(picks) < n:
        picks.append(max(left, key=lambda i: (min(math.dist(z[i], z[j]) for j in there), -i)))
        there.append(picks[-1])
        left.remove(picks[-1])
    return picks


def distance_to_kth(z, k) -> list[float]:
    """Distance of each place to its k-th nearest other one."""
    return [sorted(math.dist(a, b) for j, b in enumerate(z) if j != i)[k - 1] for i, a in enumerate(z)]

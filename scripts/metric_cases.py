"""Scores of random and degenerate predictions by scikit-learn, scipy and seqeval, for TasksTests to compare with.

    python scripts/metric_cases.py > Tests/TasksTests/Metrics/cases.json

needs scikit-learn, scipy and seqeval. Every run writes the same cases. A score that is not defined is null.
"""

import json
import math
import random
import warnings
from importlib.metadata import version

import numpy
from scipy.stats import pearsonr, spearmanr
from seqeval.metrics import f1_score as span_f1
from sklearn.calibration import calibration_curve
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    balanced_accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    matthews_corrcoef,
    mean_absolute_error,
    precision_recall_fscore_support,
    precision_score,
    r2_score,
    recall_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.preprocessing import label_binarize

warnings.filterwarnings("ignore")
chance = random.Random(5)
LABELS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-X-Y", "I-X-Y"]


def finite(value):
    return float(value) if math.isfinite(value) else None


def classes_scores(predicted, expected):
    second = {"labels": [1], "average": "macro", "zero_division": math.nan}
    macro = {"average": "macro", "zero_division": 0}
    return {
        "accuracy": accuracy_score(expected, predicted),
        "f1": f1_score(expected, predicted, labels=[1], **macro),
        "macro-f1": f1_score(expected, predicted, **macro),
        "matthews": matthews_corrcoef(expected, predicted),
        "weighted-f1": f1_score(expected, predicted, average="weighted", zero_division=0),
        "precision": finite(precision_score(expected, predicted, **second)),
        "recall": finite(recall_score(expected, predicted, **second)),
        "macro-precision": precision_score(expected, predicted, **macro),
        "macro-recall": recall_score(expected, predicted, **macro),
        "balanced-accuracy": balanced_accuracy_score(expected, predicted),
    }


def classes_case(predicted, expected):
    kinds = range(1 + max(1, *predicted, *expected))
    by_class = precision_recall_fscore_support(expected, predicted, labels=kinds, zero_division=math.nan)
    return {
        "predicted": predicted,
        "expected": expected,
        "scores": classes_scores(predicted, expected),
        "precisions": [finite(value) for value in by_class[0]],
        "recalls": [finite(value) for value in by_class[1]],
        "f1s": [finite(value) for value in by_class[2]],
        "supports": [int(value) for value in by_class[3]],
        "confusion": confusion_matrix(expected, predicted, labels=kinds).tolist(),
    }


def distributions_scores(probabilities, expected):
    """Of more than two classes the means of each against all others; a mean of which a part is not defined is not."""
    kinds = len(probabilities[0])
    scores = numpy.array(probabilities)
    truths = label_binarize(expected, classes=range(kinds))
    if kinds == 2:
        scores = scores[:, 1:]
    else:
        assert truths.shape == scores.shape
    columns = range(scores.shape[1])
    area = [roc_auc_score(truths[:, column], scores[:, column]) for column in columns]
    precision = [
        average_precision_score(truths[:, column], scores[:, column]) if truths[:, column].any() else math.nan
        for column in columns
    ]
    return {
        "auc": finite(numpy.mean(area)),
        "average-precision": finite(numpy.mean(precision)),
        "log-loss": log_loss(expected, probabilities, labels=range(kinds)),
        "calibration-error": calibration_error(numpy.array(probabilities), numpy.array(expected)),
    }


def calibration_error(probabilities, expected):
    """Guo et al. 2017, equation 3, from scikit-learn's reliability diagram of what is said with which confidence."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == expected
    shares, means = calibration_curve(right, confidence, n_bins=15)
    edges = numpy.linspace(0, 1, 16)
    counts = numpy.bincount(numpy.searchsorted(edges[1:-1], confidence), minlength=15)
    return float(sum(abs(shares - means) * counts[counts > 0]) / len(expected))


def distributions_case(probabilities, expected):
    return {
        "probabilities": probabilities,
        "expected": expected,
        "scores": distributions_scores(probabilities, expected),
    }


def values_scores(predicted, expected):
    """Of numbers in single precision, as files of tasks are read."""
    predicted, expected = (numpy.array(numbers, dtype=numpy.float32).astype(float) for numbers in (predicted, expected))
    return {
        "pearson": finite(pearsonr(predicted, expected)[0]) if len(expected) > 1 else None,
        "spearman": finite(spearmanr(predicted, expected)[0]) if len(expected) > 1 else None,
        "rmse": float(root_mean_squared_error(expected, predicted)),
        "mae": float(mean_absolute_error(expected, predicted)),
        "r2": finite(r2_score(expected, predicted, force_finite=False)) if len(expected) > 1 else None,
    }


def values_case(predicted, expected):
    return {"predicted": predicted, "expected": expected, "scores": values_scores(predicted, expected)}


def constant_classes_case(train, expected, kinds):
    """What a classifier says that looks at no example."""
    model = DummyClassifier(strategy="prior").fit([[0]] * len(train), train)
    rows = [[0]] * len(expected)
    probabilities = [[0.0] * kinds for _ in rows]
    for column, kind in enumerate(model.classes_):
        for row, values in zip(probabilities, model.predict_proba(rows)):
            row[kind] = float(values[column])
    scores = classes_scores([int(kind) for kind in model.predict(rows)], expected)
    if kinds > 2:
        for name in ["f1", "precision", "recall"]:
            del scores[name]
    scores |= distributions_scores(probabilities, expected)
    return {"train": train, "expected": expected, "kinds": kinds, "scores": scores}


def constant_values_case(train, expected):
    model = DummyRegressor(strategy="mean").fit([[0]] * len(train), numpy.float32(train).astype(float))
    scores = values_scores(list(model.predict([[0]] * len(expected))), expected)
    return {"train": train, "expected": expected, "kinds": 0, "scores": scores}


def tags_case(predicted, expected):
    spelled = lambda sentences: [[LABELS[tag] for tag in sentence] for sentence in sentences]
    return {
        "predicted": predicted,
        "expected": expected,
        "span-f1": float(span_f1(spelled(expected), spelled(predicted), zero_division=0)),
    }


def random_classes(count, classes):
    return [chance.randrange(classes) for _ in range(count)]


def random_tags(counts, tags):
    return [[chance.choice(tags) for _ in range(count)] for count in counts]


def mistaken(sentences, share):
    return [[chance.randrange(7) if chance.random() < share else tag for tag in sentence] for sentence in sentences]


def main():
    classes, values, tags = [], [], []
    for count, kinds in [(1, 2), (2, 2), (3, 3), (8, 2), (20, 2), (20, 3), (40, 6), (15, 9)]:
        for _ in range(2):
            classes.append(classes_case(random_classes(count, kinds), random_classes(count, kinds)))
    for predicted, expected in [([0] * 5, [1] * 5), ([1] * 5, [1] * 5), ([0] * 5, [0] * 5), ([0] * 4, [0, 1, 0, 1])]:
        classes.append(classes_case(predicted, expected))

    number = lambda: round(chance.uniform(0, 5), 1)
    for count in [2, 3, 5, 10, 30]:
        for _ in range(3):
            values.append(values_case([number() for _ in range(count)], [number() for _ in range(count)]))
    for predicted, expected in [([1.5] * 4, [1, 2, 3, 4]), ([1, 2, 3], [2.5] * 3), ([1, 1, 2, 2], [3, 3, 3, 4])]:
        values.append(values_case(predicted, expected))

    for counts in [[1], [4], [9, 3], [12, 1, 7, 5]]:
        for _ in range(4):
            tags.append(tags_case(random_tags(counts, range(7)), random_tags(counts, range(7))))
        expected = random_tags(counts, [0, 0, 1, 2, 3, 4])
        for share in [0, 0.1, 0.4]:
            tags.append(tags_case(mistaken(expected, share), expected))
    for predicted, expected in [([[0, 0]], [[0, 0]]), ([[0, 0]], [[1, 2]]), ([[1, 2]], [[0, 0]]), ([[2, 2]], [[1, 2]])]:
        tags.append(tags_case(predicted, expected))

    distributions = []
    for count, kinds in [(2, 2), (6, 2), (20, 2), (60, 2), (12, 3), (40, 3), (40, 5), (9, 6)]:
        for digits in [1, 6]:
            probabilities = []
            for _ in range(count):
                weights = [chance.random() ** 3 + 1e-3 for _ in range(kinds)]
                parts = [int(weight / sum(weights) * 10**digits) for weight in weights[1:]]
                probabilities.append([part / 10**digits for part in [10**digits - sum(parts)] + parts])
            distributions.append(distributions_case(probabilities, random_classes(count, kinds)))
    for expected in [[1, 1, 1], [0, 0, 0]]:
        distributions.append(distributions_case([[0.3, 0.7], [1.0, 0.0], [0.5, 0.5]], expected))
    distributions.append(distributions_case([[0.2, 0.3, 0.5], [0.6, 0.2, 0.2], [0.1, 0.8, 0.1]], [0, 0, 1]))

    constants = []
    for kinds in [2, 2, 3, 5]:
        constants.append(constant_classes_case(random_classes(30, kinds), random_classes(17, kinds), kinds))
    constants.append(constant_classes_case([0, 1, 1], [0, 0], 2))
    constants.append(constant_values_case([number() for _ in range(30)], [number() for _ in range(17)]))
    constants.append(constant_values_case([number() for _ in range(5)], [2.5, 2.5]))

    made_by = {name: version(name) for name in ["scikit-learn", "scipy", "seqeval"]}
    cases = {"madeBy": made_by, "labels": LABELS, "classes": classes, "values": values, "tags": tags}
    cases |= {"distributions": distributions, "constants": constants}
    lines = [f'  "{key}": {json.dumps(value)}' for key, value in cases.items() if not isinstance(value, list)]
    for key, value in cases.items():
        if isinstance(value, list):
            lines.append(f'  "{key}": [\n    ' + ",\n    ".join(json.dumps(case) for case in value) + "\n  ]")
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
